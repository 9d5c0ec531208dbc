"""Softmax cross entropy between logits and labels that are one-hot or probabilities."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_xent._autograph import do_not_convert
from keras_xent.ops import arguments, class_axis, evaluation, registry
from keras_xent.ops import labels as labels_lib
from keras_xent.ops import softmax_derivatives as derivatives
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.log_sum_exp import LogSumExp, Softmax, sum_over_classes
from keras_xent.ops.loss_op import LossOp
from keras_xent.ops.replicas import Normalization
from keras_xent.ops.spec import Spec
from keras_xent.reduction import Reduction


class SoftmaxCrossEntropy(LossOp):
    """Softmax cross entropy.

    With p = softmax(logits), the smoothing s and the smoothed labels y', the losses are
    -sum(y' * log p). Their derivatives are

        with respect to the logits:  p - y'
        with respect to the labels:  -(1 - s) * log p

    p - y' is the exact gradient only if the labels sum to one. TensorFlow's
    SoftmaxCrossEntropyWithLogits always uses it, and so does this op.
    """

    name = "SoftmaxCrossEntropy"

    def known_losses_shape(
        self, spec: Spec, logits_shape: tf.TensorShape, labels_shape: tf.TensorShape
    ) -> tf.TensorShape:
        return spec_lib.static_losses_shape(logits_shape.merge_with(labels_shape), spec.axis)

    def labels_shape(self, spec: Spec, logits: tf.Tensor) -> tf.Tensor:
        return tf.shape(logits)

    def known_labels_shape(self, spec: Spec, logits_shape: tf.TensorShape) -> tf.TensorShape:
        return logits_shape

    def losses_and_backprop(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        smoothed = labels_lib.smoothed(spec, labels)
        logits = class_axis.moved_last(logits, spec.axis)
        features, labels = class_axis.as_matrices(
            logits, class_axis.moved_last(smoothed, spec.axis)
        )
        losses, backprop = tf.raw_ops.SoftmaxCrossEntropyWithLogits(
            features=features, labels=labels
        )
        return class_axis.from_matrix(losses, backprop, logits)

    def losses_under_xla(self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        return _losses(spec, logits, labels, LogSumExp.of(logits, spec.class_axis))

    def losses_and_backprop_under_xla(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        softmax = Softmax.of(logits, spec.class_axis)
        losses = _losses(spec, logits, labels, softmax.log_sum_exp)
        return losses, softmax.exp * softmax.inverse - labels_lib.smoothed(spec, labels)

    def labels_gradient(
        self, spec: Spec, coefficients: tf.Tensor, logits: tf.Tensor
    ) -> tf.Tensor:
        coefficients = class_axis.beside_classes(coefficients, spec.axis)
        log_softmax = derivatives.log_softmax(logits, spec.class_axis)
        return (spec.label_smoothing - 1) * coefficients * log_softmax

    def backprop_gradients(
        self,
        spec: Spec,
        v: tf.Tensor,
        logits: tf.Tensor,
        labels: tf.Tensor,
        coefficients: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        axis = spec.class_axis
        p, to_logits = derivatives.product_with_jacobian(v, logits, coefficients, axis)
        c = class_axis.beside_classes(coefficients, axis)
        smoothed = labels_lib.smoothed(spec, labels)
        to_labels = (spec.label_smoothing - 1) * c * v
        return to_logits, to_labels, tf.reduce_sum(v * (p - smoothed), axis)


def _losses(
    spec: Spec, logits: tf.Tensor, labels: tf.Tensor, log_sum_exp: LogSumExp
) -> tf.Tensor:
    classes = labels_lib.num_classes(spec, labels)

    def terms(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        smoothed = labels_lib.smoothed_part(spec, labels, classes)
        log_softmax = (logits - log_sum_exp.largest) - log_sum_exp.log_total
        # 0 * -inf would be NaN, but a class whose label is 0 adds nothing.
        nothing = tf.zeros([], smoothed.dtype)
        return tf.where(tf.equal(smoothed, 0), nothing, log_softmax) * -smoothed

    return tf.squeeze(sum_over_classes(terms, [logits, labels], spec.class_axis), spec.axis)


OP = registry.registered(SoftmaxCrossEntropy())


@do_not_convert
def softmax_cross_entropy(
    logits: Any,
    labels: Any,
    weights: Any = 1.0,
    *,
    label_smoothing: float = 0.0,
    axis: int = -1,
    reduction: Reduction | str = Reduction.SUM_BY_NONZERO_WEIGHTS,
    normalization: Normalization = "replica",
) -> tf.Tensor:
    """`keras_xent.softmax_cross_entropy` with positional arguments. The logits come first.

    >>> from keras_xent.ops import softmax_cross_entropy
    >>> value = softmax_cross_entropy([[0.05, 0.95, 0.0]], [[0, 1, 0]], label_smoothing=0.2)
    >>> print(f"{float(value):.5f}")
    0.70740
    """
    logits = arguments.logits_of(logits)
    labels = arguments.converted(labels, "labels", logits.dtype)
    weights = arguments.weights_of(weights, logits)
    shape = arguments.same_shape(
        logits, labels, "Use tf.one_hot to convert class ids to labels."
    )
    spec = Spec(
        arguments.class_axis_of(axis, shape),
        arguments.smoothing_of(label_smoothing),
        Reduction(reduction),
    )
    arguments.check_weights(weights, spec, shape)
    return evaluation.normalized(OP, spec, logits, labels, weights, normalization)
