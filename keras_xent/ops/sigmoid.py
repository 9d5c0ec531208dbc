"""Sigmoid cross entropy between logits and labels, with a loss for each element."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_xent._autograph import do_not_convert
from keras_xent.ops import arguments, evaluation, registry
from keras_xent.ops.loss_op import LossOp
from keras_xent.ops.replicas import Normalization
from keras_xent.ops.spec import Spec
from keras_xent.reduction import Reduction


class SigmoidCrossEntropy(LossOp):
    """Sigmoid cross entropy.

    With p = sigmoid(x) and the smoothed labels y' = (1 - s) * y + s / 2, the losses are
    -y' * log p - (1 - y') * log(1 - p). Their derivatives are

        with respect to the logits:  p - y'
        with respect to the labels:  -(1 - s) * x
    """

    name = "SigmoidCrossEntropy"
    has_class_axis = False

    def known_losses_shape(
        self, spec: Spec, logits_shape: tf.TensorShape, labels_shape: tf.TensorShape
    ) -> tf.TensorShape:
        return logits_shape.merge_with(labels_shape)

    def labels_shape(self, spec: Spec, logits: tf.Tensor) -> tf.Tensor:
        return tf.shape(logits)

    def known_labels_shape(self, spec: Spec, logits_shape: tf.TensorShape) -> tf.TensorShape:
        return logits_shape

    def losses_and_backprop(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        smoothed = _smoothed(spec, labels)
        exp = tf.exp(-tf.abs(logits))
        losses = tf.nn.relu(logits) - logits * smoothed + tf.math.log1p(exp)
        # The smaller one of p and 1 - p, so the difference is exact even if p is close to 1.
        tail = exp / (1 + exp)
        return losses, tf.where(logits >= 0, (1 - smoothed) - tail, tail - smoothed)

    def losses_under_xla(self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        losses, _ = self.losses_and_backprop(spec, logits, labels)
        return losses

    def losses_and_backprop_under_xla(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return self.losses_and_backprop(spec, logits, labels)

    def labels_gradient(
        self, spec: Spec, coefficients: tf.Tensor, logits: tf.Tensor
    ) -> tf.Tensor:
        return (spec.label_smoothing - 1) * coefficients * logits

    def backprop_gradients(
        self,
        spec: Spec,
        v: tf.Tensor,
        logits: tf.Tensor,
        labels: tf.Tensor,
        coefficients: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        _, backprop = self.losses_and_backprop(spec, logits, labels)
        weighted = coefficients * v
        to_logits = weighted * tf.sigmoid(logits) * tf.sigmoid(-logits)
        to_labels = (spec.label_smoothing - 1) * weighted
        return to_logits, to_labels, v * backprop


def _smoothed(spec: Spec, labels: tf.Tensor) -> tf.Tensor:
    if not spec.label_smoothing:
        return labels
    return labels * (1 - spec.label_smoothing) + spec.label_smoothing / 2


OP = registry.registered(SigmoidCrossEntropy())


@do_not_convert
def sigmoid_cross_entropy(
    logits: Any,
    labels: Any,
    weights: Any = 1.0,
    *,
    label_smoothing: float = 0.0,
    reduction: Reduction | str = Reduction.SUM_BY_NONZERO_WEIGHTS,
    normalization: Normalization = "replica",
) -> tf.Tensor:
    """`keras_xent.sigmoid_cross_entropy` with positional arguments. The logits come first.

    >>> from keras_xent.ops import sigmoid_cross_entropy
    >>> print(f"{float(sigmoid_cross_entropy([2.0, -1.0], [1, 0])):.5f}")
    0.22009
    """
    logits = arguments.logits_of(logits)
    labels = arguments.converted(labels, "labels", logits.dtype)
    weights = arguments.weights_of(weights, logits)
    shape = arguments.same_shape(logits, labels, "Each logit needs one label.")
    spec = Spec(None, arguments.smoothing_of(label_smoothing), Reduction(reduction))
    arguments.check_weights(weights, spec, shape)
    return evaluation.normalized(OP, spec, logits, labels, weights, normalization)
