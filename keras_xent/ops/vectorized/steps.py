"""The steps for all iterations.

At least one of the arguments `logits`, `labels`, `weights` and `grad` is stacked.
"""

from __future__ import annotations

import tensorflow as tf

from keras_xent._tensorflow import Mapped
from keras_xent.ops import class_axis, evaluation, gradients
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.loss_op import LossOp
from keras_xent.ops.spec import Spec
from keras_xent.ops.vectorized import reduction
from keras_xent.ops.vectorized.stacking import (
    aligned,
    all_but_first,
    rank_of_losses,
    stacked,
    stacked_axis,
)
from keras_xent.reduction import Reduction


def loss(
    op: LossOp,
    spec: Spec,
    length: tf.Tensor,
    logits: Mapped,
    labels: Mapped,
    weights: Mapped,
) -> tf.Tensor:
    """The weighted, reduced losses of all iterations."""
    dtype, real = logits.tensor.dtype, weights.tensor.dtype
    rank = rank_of_losses(spec, logits)
    factors = aligned(weights, rank)
    if logits.stacked or labels.stacked:
        axis = stacked_axis(spec)
        x, y = stacked(logits, length), stacked(labels, length)
        if spec.reduction is Reduction.NONE:
            return _losses(op, spec, axis, x, y, factors)
        # 16-bit losses would be rounded before they are summed. The native op rounds only the sum.
        x, y = tf.cast(x, real), op.real_labels(y, real)
        losses = _losses(op, spec, axis, x, y, tf.ones([], real))
    else:
        x, y = tf.cast(logits.tensor, real), op.real_labels(labels.tensor, real)
        losses = tf.expand_dims(_losses(op, spec, spec.axis, x, y, tf.ones([], real)), 0)
    weighted = losses * factors
    if spec.reduction is Reduction.NONE:
        return tf.cast(weighted, dtype)
    total = tf.reduce_sum(weighted, all_but_first(rank), keepdims=True)
    divided = reduction.divided(spec, total, factors, tf.shape(losses), rank)
    return tf.cast(tf.reshape(divided, [-1]), dtype)


def loss_with_backprop(
    op: LossOp,
    spec: Spec,
    length: tf.Tensor,
    logits: Mapped,
    labels: Mapped,
    weights: Mapped,
) -> tuple[tf.Tensor, tf.Tensor]:
    """The result of `loss`, and its derivatives with respect to the logits."""
    dtype, real = logits.tensor.dtype, weights.tensor.dtype
    if not (logits.stacked or labels.stacked):
        one = Mapped(tf.ones([], dtype), False)
        return (
            loss(op, spec, length, logits, labels, weights),
            logits_gradient(op, spec, length, one, logits, labels, weights),
        )
    rank = rank_of_losses(spec, logits)
    x, y = tf.cast(stacked(logits, length), real), op.real_labels(stacked(labels, length), real)
    axis = stacked_axis(spec)
    one = tf.ones([], real)
    losses_shape = spec_lib.losses_shape(x, axis)
    coefficients = reduction.coefficients(spec, one, weights, losses_shape, rank)
    unreduced = spec._replace(axis=axis, reduction=Reduction.NONE)
    values, backprop = evaluation.with_backprop_in_graph(op, unreduced, x, y, coefficients)
    if spec.reduction is not Reduction.NONE:
        values = tf.reduce_sum(values, all_but_first(rank))
        denominator = reduction.denominator(spec, aligned(weights, rank), losses_shape, rank)
        if denominator is not None:
            # A division by zero returns zero, even for a NaN.
            zero = tf.reshape(tf.equal(denominator, 0), [-1])
            values = tf.where(zero, tf.zeros([], real), values)
    return tf.cast(values, dtype), tf.cast(backprop, dtype)


def logits_gradient(
    op: LossOp,
    spec: Spec,
    length: tf.Tensor,
    grad: Mapped,
    logits: Mapped,
    labels: Mapped,
    weights: Mapped,
) -> tf.Tensor:
    """The derivatives of the values with respect to the logits, times `grad`."""
    dtype, real = logits.tensor.dtype, weights.tensor.dtype
    rank = rank_of_losses(spec, logits)
    upstream = aligned(Mapped(tf.cast(grad.tensor, real), grad.stacked), rank)
    if not (logits.stacked or labels.stacked):
        # The softmax is the same for all iterations, so it is computed only once.
        x, y = tf.cast(logits.tensor, real), op.real_labels(labels.tensor, real)
        if weights.stacked:
            losses_shape = tf.concat([[1], spec_lib.losses_shape(x, spec.axis)], 0)
            coefficients = reduction.coefficients(spec, upstream, weights, losses_shape, rank)
            each = _weighted_backprop(op, spec, spec.axis, x, y, tf.ones([], real))
        else:
            coefficients = upstream
            each = _gradient_of_one(op, spec, x, y, weights.tensor)
        return tf.cast(each * class_axis.beside_classes(coefficients, stacked_axis(spec)), dtype)
    axis = stacked_axis(spec)
    x, y = stacked(logits, length), stacked(labels, length)
    losses_shape = spec_lib.losses_shape(x, axis)
    coefficients = reduction.coefficients(spec, upstream, weights, losses_shape, rank)
    return _weighted_backprop(op, spec, axis, x, y, coefficients)


def scale_backprop(spec: Spec, backprop: Mapped, grad: Mapped) -> tf.Tensor:
    """The backprop of all iterations, times `grad`."""
    real = spec_lib.real_dtype(backprop.tensor.dtype)
    rank = rank_of_losses(spec, backprop)
    factors = aligned(Mapped(tf.cast(grad.tensor, real), grad.stacked), rank)
    return class_axis.times(
        tf.cast(backprop.tensor, real), factors, stacked_axis(spec), backprop.tensor.dtype
    )


def _losses(
    op: LossOp,
    spec: Spec,
    axis: int | None,
    logits: tf.Tensor,
    labels: tf.Tensor,
    weights: tf.Tensor,
) -> tf.Tensor:
    unreduced = spec._replace(axis=axis, reduction=Reduction.NONE)
    return evaluation.evaluate(op, unreduced, logits, labels, weights)


def _weighted_backprop(
    op: LossOp,
    spec: Spec,
    axis: int | None,
    logits: tf.Tensor,
    labels: tf.Tensor,
    coefficients: tf.Tensor,
) -> tf.Tensor:
    """The derivatives of the losses with respect to the logits, times their coefficients."""
    summed = spec._replace(axis=axis, reduction=Reduction.SUM)
    one = tf.ones([], coefficients.dtype)
    return gradients.logits_gradient(op, summed, one, logits, labels, coefficients)


def _gradient_of_one(
    op: LossOp, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
) -> tf.Tensor:
    """The derivative of one iteration's value, or of the sum of its losses."""
    if spec.reduction is Reduction.NONE:
        spec = spec._replace(reduction=Reduction.SUM)
    one = tf.ones([], logits.dtype)
    return gradients.logits_gradient(op, spec, one, logits, labels, weights)
