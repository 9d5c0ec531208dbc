"""The steps with ops that XLA fuses well.

Under XLA, each pass over the classes takes time, and so does the memory traffic between passes.
16-bit dtypes are computed in float32.
"""

from __future__ import annotations

import tensorflow as tf

from keras_xent.ops import class_axis, operands, portable, weighting
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.loss_op import LossOp
from keras_xent.ops.spec import Spec
from keras_xent.ops.steps import Steps


class Xla(Steps):
    """The steps of a loss op in a graph that XLA compiles."""

    def __init__(self, op: LossOp) -> None:
        self._op = op

    def loss(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
    ) -> tf.Tensor:
        logits, labels, weights = self._checked(spec, logits, labels, weights)
        losses = self._op.losses_under_xla(spec, *self._in_real(logits, labels))
        return tf.cast(weighting.reduce_losses(losses, weights, spec.reduction), logits.dtype)

    def loss_with_kept(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        logits, labels, weights = self._checked(spec, logits, labels, weights)
        losses, kept = self._losses_and_backprop(spec, logits, labels)
        value, coefficients = weighting.reduce_losses_with_gradient(
            losses, weights, spec.reduction
        )
        if spec_lib.keeps_backprop(logits.dtype):
            kept = class_axis.times(kept, coefficients, spec.axis, logits.dtype)
        return tf.cast(value, logits.dtype), kept

    def weighted_backprop(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, coefficients: tf.Tensor
    ) -> tf.Tensor:
        logits, labels, coefficients = self._checked(spec, logits, labels, coefficients)
        _, backprop = self._losses_and_backprop(spec, logits, labels)
        return class_axis.times(backprop, coefficients, spec.axis, logits.dtype)

    def scale_backprop(self, spec: Spec, backprop: tf.Tensor, grad: tf.Tensor) -> tf.Tensor:
        return portable.scale_backprop(spec, backprop, grad)

    def _losses_and_backprop(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return self._op.losses_and_backprop_under_xla(spec, *self._in_real(logits, labels))

    def _in_real(self, logits: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        dtype = spec_lib.real_dtype(logits.dtype)
        return tf.cast(logits, dtype), self._op.real_labels(labels, dtype)

    def _checked(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """The arguments, checked without assertions. XLA drops assertions, but knows all shapes."""
        labels = operands.labels_of_their_shape(self._op, spec, logits, labels)
        return logits, labels, operands.checked_weights(spec, logits, weights)
