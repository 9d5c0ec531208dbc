"""Sigmoid cross entropy between logits and labels, with a loss for each element."""

from __future__ import annotations

from typing import Any, Tuple, Union

import tensorflow as tf

from keras_xent.ops import arguments, evaluation, registry
from keras_xent.ops.loss_op import LossOp
from keras_xent.ops.spec import Spec
from keras_xent.reduction import Reduction


class SigmoidCrossEntropy(LossOp):
    """With p = sigmoid(x) and the smoothed labels y' = (1 - s) * y + s / 2, the losses are
    -y' * log p - (1 - y') * log(1 - p). Their derivatives with respect to logits and labels are

        logits  p - y'
        labels  -(1 - s) * x
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
    ) -> Tuple[tf.Tensor, tf.Tensor]:
        smoothed = _smoothed(spec, labels)
        exp = tf.exp(-tf.abs(logits))
        losses = tf.nn.relu(logits) - logits * smoothed + tf.math.log1p(exp)
        # The smaller of p and 1 - p: the difference stays exact where the sigmoid is flat.
        tail = exp / (1 + exp)
        return losses, tf.where(logits >= 0, (1 - smoothed) - tail, tail - smoothed)

    def losses_under_xla(self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        losses, _ = self.losses_and_backprop(spec, logits, labels)
        return losses

    def losses_and_backprop_under_xla(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor
    ) -> Tuple[tf.Tensor, tf.Tensor]:
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
    ) -> Tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
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


@tf.autograph.experimental.do_not_convert
def sigmoid_cross_entropy(
    logits: Any,
    labels: Any,
    weights: Any = 1.0,
    *,
    label_smoothing: float = 0.0,
    reduction: Union[Reduction, str] = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> tf.Tensor:
    r"""Sigmoid cross entropy of logits and labels, weighted and reduced.

    Each element is an example of its own. With smoothed labels :math:`y' = (1 - s)\, y + s / 2`
    its loss is

    .. math:: \ell = \log(1 + e^{-x}) + (1 - y')\, x,

    computed so that nothing overflows.

    The gradients with respect to logits, labels and weights are exact, and can be differentiated
    again.

    Args:
        logits: unscaled log-odds; float16, bfloat16, float32 or float64; any shape.
        labels: the same shape; cast to the logits' dtype. Usually probabilities.
        weights: a scalar, or a tensor with the logits' rank in which every dimension is 1
            or the logits'. Cast to float32, or to float64 beside float64 logits.
        label_smoothing: a number in [0, 1].
        reduction: a `keras_xent.Reduction`, or a name of one.

    Returns:
        A tensor of the logits' dtype: a scalar, or for `Reduction.NONE` the weighted
        losses in the logits' shape.

    Raises:
        TypeError: the logits are no floating point tensor.
        ValueError: shapes that don't fit, a smoothing out of range.
        tf.errors.InvalidArgumentError: the same of shapes known only when a graph runs.

    Example:

    >>> from keras_xent.ops import sigmoid_cross_entropy
    >>> value = sigmoid_cross_entropy(
    ...     logits=[[2.0, -1.0], [0.5, 3.0]],
    ...     labels=[[1, 0], [0, 1]],
    ...     weights=[[1.0], [0.5]],
    ... )
    >>> print(f"{float(value):.5f}")
    0.23788
    """
    logits = arguments.logits_of(logits)
    labels = arguments.converted(labels, "labels", logits.dtype)
    weights = arguments.weights_of(weights, logits)
    shape = arguments.same_shape(logits, labels, "Each logit needs one label.")
    spec = Spec(None, arguments.smoothing_of(label_smoothing), Reduction(reduction))
    arguments.check_weights(weights, spec, shape)
    return evaluation.evaluate(OP, spec, logits, labels, weights)
