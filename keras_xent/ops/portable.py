"""The steps with TensorFlow's own ops, for GPUs, TPUs and systems without the native library.

They are as fast and as exact as TF1's functions. As in TF1, 16-bit dtypes are computed in float32.
The steps for XLA are in xla.py.
"""

from __future__ import annotations

import tensorflow as tf

from keras_xent.ops import class_axis, operands, weighting
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.loss_op import LossOp
from keras_xent.ops.spec import Spec
from keras_xent.ops.steps import Steps


class Portable(Steps):
    """The steps of a loss op with TensorFlow's ops, outside XLA."""

    def __init__(self, op: LossOp) -> None:
        self._op = op

    def loss(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
    ) -> tf.Tensor:
        logits, labels, weights = self._checked(spec, logits, labels, weights)
        losses, _ = self._losses_and_backprop(spec, logits, labels)
        return tf.cast(weighting.reduce_losses(losses, weights, spec.reduction), logits.dtype)

    def loss_with_kept(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        logits, labels, weights = self._checked(spec, logits, labels, weights)
        losses, backprop = self._losses_and_backprop(spec, logits, labels)
        value, coefficients = weighting.reduce_losses_with_gradient(
            losses, weights, spec.reduction
        )
        if spec_lib.keeps_backprop(logits.dtype):
            kept = _weighted(spec, backprop, coefficients, logits.dtype)
        else:
            kept = class_axis.moved_back(backprop, spec.axis)
        return tf.cast(value, logits.dtype), kept

    def weighted_backprop(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, coefficients: tf.Tensor
    ) -> tf.Tensor:
        logits, labels, coefficients = self._checked(spec, logits, labels, coefficients)
        _, backprop = self._losses_and_backprop(spec, logits, labels)
        return _weighted(spec, backprop, coefficients, logits.dtype)

    def scale_backprop(self, spec: Spec, backprop: tf.Tensor, grad: tf.Tensor) -> tf.Tensor:
        return scale_backprop(spec, backprop, grad)

    def _losses_and_backprop(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        real = spec_lib.real_dtype(logits.dtype)
        labels = self._op.real_labels(labels, real)
        return self._op.losses_and_backprop(spec, tf.cast(logits, real), labels)

    def _checked(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """The arguments. If the static shapes are unknown, they are checked when the graph runs."""
        logits, labels = operands.checked_labels(self._op, spec, logits, labels)
        return logits, labels, operands.checked_weights(spec, logits, weights)


def scale_backprop(spec: Spec, backprop: tf.Tensor, grad: tf.Tensor) -> tf.Tensor:
    """The step `scale_backprop`, which is the same under XLA."""
    real = spec_lib.real_dtype(backprop.dtype)
    factors = tf.cast(grad, real)
    return class_axis.times(tf.cast(backprop, real), factors, spec.axis, backprop.dtype)


def _weighted(
    spec: Spec, backprop: tf.Tensor, coefficients: tf.Tensor, dtype: tf.DType
) -> tf.Tensor:
    # Multiply while the class axis is last, because TensorFlow broadcasts slowly along other axes.
    product = backprop * class_axis.beside_classes(coefficients, class_axis.last(spec.axis))
    return tf.cast(class_axis.moved_back(product, spec.axis), dtype)
