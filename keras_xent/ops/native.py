"""The native ops: the same functions as in portable.py, on the CPU kernels."""

from __future__ import annotations

from typing import Optional, Tuple

import tensorflow as tf

from keras_xent.ops import library
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.spec import Spec
from keras_xent.reduction import Reduction


def loss(spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """The weighted, reduced loss."""
    ops = library.load().ops
    if spec.reduction is Reduction.NONE:
        return ops.keras_xent_unreduced_softmax_cross_entropy(
            logits, labels, weights, spec.label_smoothing, axis=spec.axis
        )
    return ops.keras_xent_softmax_cross_entropy(
        logits,
        labels,
        weights,
        spec.label_smoothing,
        axis=spec.axis,
        reduction=spec.reduction.value,
    )


def loss_with_backprop(
    spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
) -> Tuple[tf.Tensor, tf.Tensor]:
    """The weighted, reduced loss, and its gradient with respect to the logits."""
    ops = library.load().ops
    if spec.reduction is Reduction.NONE:
        value, backprop = ops.keras_xent_unreduced_softmax_cross_entropy_with_backprop(
            logits, labels, weights, spec.label_smoothing, axis=spec.axis
        )
    else:
        value, backprop = ops.keras_xent_softmax_cross_entropy_with_backprop(
            logits,
            labels,
            weights,
            spec.label_smoothing,
            axis=spec.axis,
            reduction=spec.reduction.value,
        )
    return value, backprop


def loss_with_kept(
    spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
) -> Tuple[tf.Tensor, Optional[tf.Tensor]]:
    """The same, but a gradient that is not to be kept is not computed."""
    if spec_lib.keeps_backprop(logits.dtype):
        return loss_with_backprop(spec, logits, labels, weights)
    return loss(spec, logits, labels, weights), None


def weighted_backprop(
    spec: Spec, logits: tf.Tensor, labels: tf.Tensor, coefficients: tf.Tensor
) -> tf.Tensor:
    """coefficients * (softmax(logits) - smoothed labels)."""
    return library.load().ops.keras_xent_softmax_cross_entropy_grad(
        logits, labels, coefficients, spec.label_smoothing, axis=spec.axis
    )


def scale_backprop(spec: Spec, backprop: tf.Tensor, grad: tf.Tensor) -> tf.Tensor:
    """backprop * grad, with grad a scalar or shaped as the losses.

    Where grad is 1 this is backprop itself: no memory moves.
    """
    return library.load().ops.keras_xent_scale_backprop(backprop, grad, axis=spec.axis)
