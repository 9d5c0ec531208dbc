"""Weighting and reduction of losses, and their derivatives, with TensorFlow's ops.

With losses `l`, weights `w` broadcast to them, and a denominator `D` that depends only on
the weights,

    value = sum(l * w) / D

is linear in the losses. So its derivative with respect to the losses, `w / D`, doesn't depend on
them, and the functions below also compute its second derivatives.

The rules are those of `tf.compat.v1.losses.compute_weighted_loss`: weights are a scalar, or have
the losses' rank, and every dimension is 1 or equals the losses' corresponding dimension. They are
broadcast before they are summed or counted. A division by zero returns zero.
"""

from __future__ import annotations

import math

import tensorflow as tf

from keras_xent.ops import checks
from keras_xent.reduction import Reduction

_RULE = (
    "Pass a scalar, or a tensor of the losses' rank in which every dimension is 1 or equals the "
    "losses' corresponding dimension (use tf.reshape, tf.squeeze or tf.expand_dims)."
)


def check_weights(weights_shape: tf.TensorShape, losses_shape: tf.TensorShape) -> bool:
    """Checks static shapes.

    Returns:
        Whether the static shapes are sufficient. If not, the shapes must be checked when the graph
        runs.

    Raises:
        ValueError: weights of this shape can't be broadcast to the losses.
    """
    if weights_shape.rank == 0:
        return True
    if weights_shape.rank is None or losses_shape.rank is None:
        return False
    message = (
        "weights cannot be broadcast to the losses: the weights have shape "
        f"{weights_shape} and the losses have shape {losses_shape}. {_RULE}"
    )
    if weights_shape.rank != losses_shape.rank:
        raise ValueError(message)
    sure = True
    for weights_dim, losses_dim in zip(weights_shape.as_list(), losses_shape.as_list()):
        if weights_dim == 1:
            continue
        if weights_dim is None or losses_dim is None:
            sure = False
        elif weights_dim != losses_dim:
            raise ValueError(message)
    return sure


def checked_weights(
    weights: tf.Tensor, static_losses_shape: tf.TensorShape, losses_shape: tf.Tensor
) -> tf.Tensor:
    """The weights. If the static shapes aren't sufficient, they are checked when the graph runs."""
    if check_weights(weights.shape, static_losses_shape):
        return weights
    return checks.broadcastable(weights, losses_shape, _RULE)


def reduce_losses(losses: tf.Tensor, weights: tf.Tensor, reduction: Reduction) -> tf.Tensor:
    """The weighted losses, reduced.

    Args:
        losses: a tensor of any shape, float32 or float64.
        weights: a scalar, or a tensor of the losses' rank that broadcasts to them, in their
            dtype.
        reduction: how to reduce them.

    Returns:
        A tensor of the losses' shape for `NONE`, otherwise a scalar, in their dtype.
    """
    weighted = losses * weights
    if reduction is Reduction.NONE:
        return weighted
    total = tf.reduce_sum(weighted)
    if reduction is Reduction.SUM:
        return total
    return tf.math.divide_no_nan(total, denominator(weights, tf.shape(losses), reduction))


def reduce_losses_with_gradient(
    losses: tf.Tensor, weights: tf.Tensor, reduction: Reduction
) -> tuple[tf.Tensor, tf.Tensor]:
    """`reduce_losses`, and its derivative with respect to the losses."""
    if reduction in (Reduction.NONE, Reduction.SUM):
        return reduce_losses(losses, weights, reduction), weights
    divisor = denominator(weights, tf.shape(losses), reduction)
    total = tf.reduce_sum(losses * weights)
    one = tf.ones([], weights.dtype)
    return (
        tf.math.divide_no_nan(total, divisor),
        tf.math.divide_no_nan(one, divisor) * weights,
    )


def losses_gradient(
    grad: tf.Tensor, weights: tf.Tensor, losses_shape: tf.Tensor, reduction: Reduction
) -> tf.Tensor:
    """The derivative of `reduce_losses` with respect to the losses, times `grad`.

    Returns:
        A scalar if the derivative is known to be the same for every loss. Otherwise a tensor of
        the losses' rank that broadcasts to them.
    """
    if weights.shape.rank is None:
        weights = tf.broadcast_to(weights, losses_shape)
    return _share(grad, weights, losses_shape, reduction) * weights


def weights_gradient(
    grad: tf.Tensor, losses: tf.Tensor, weights: tf.Tensor, reduction: Reduction
) -> tf.Tensor:
    """The derivative of `reduce_losses` with respect to the weights, times `grad`."""
    if reduction is Reduction.MEAN:
        # d(sum(l * w) / sum(w)) / dw = (l - value) / sum(w)
        excess = losses - reduce_losses(losses, weights, reduction)
    else:
        excess = losses
    each = _share(grad, weights, tf.shape(losses), reduction) * excess
    return sum_like(each, weights)


def sum_like(each: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Sums the gradient of broadcast weights over the broadcast dimensions."""
    if each.shape.is_fully_defined() and each.shape == weights.shape:
        return each
    _, axes = tf.raw_ops.BroadcastGradientArgs(s0=tf.shape(each), s1=tf.shape(weights))
    return tf.reshape(tf.reduce_sum(each, axes), tf.shape(weights))


def _share(
    grad: tf.Tensor, weights: tf.Tensor, losses_shape: tf.Tensor, reduction: Reduction
) -> tf.Tensor:
    """The derivative of the result with respect to a weighted loss, times `grad`."""
    if reduction in (Reduction.NONE, Reduction.SUM):
        return grad
    return tf.math.divide_no_nan(grad, denominator(weights, losses_shape, reduction))


def denominator(
    weights: tf.Tensor, losses_shape: tf.Tensor, reduction: Reduction
) -> tf.Tensor:
    """What `reduce_losses` divides by: the number of losses or of non-zero weights, or the sum of
    the weights.
    """
    if reduction is Reduction.SUM_OVER_BATCH_SIZE:
        return tf.cast(tf.reduce_prod(losses_shape), weights.dtype)
    if reduction is Reduction.SUM_BY_NONZERO_WEIGHTS:
        weights = tf.cast(tf.not_equal(weights, 0), weights.dtype)
    return _broadcast_sum(weights, losses_shape)


def _broadcast_sum(weights: tf.Tensor, losses_shape: tf.Tensor) -> tf.Tensor:
    """The sum of the weights after broadcasting them to the losses.

    It doesn't really broadcast them, because constant weights would become a constant of the
    losses' size.
    """
    total = weights if weights.shape.rank == 0 else tf.reduce_sum(weights)
    losses_dims = tf.get_static_value(losses_shape)
    if losses_dims is None or not weights.shape.is_fully_defined():
        times = tf.reduce_prod(losses_shape) // tf.maximum(tf.size(weights), 1)
        # If there are no losses, the sum is 0, even if a weight is infinite or NaN.
        return tf.math.multiply_no_nan(total, tf.cast(times, weights.dtype))
    number = math.prod(losses_dims.tolist())
    if number == 0:
        # Not a constant: a replica without losses would then leave out the all-reduce of the
        # weights' gradient, and the other replicas would raise an error.
        return tf.math.multiply_no_nan(total, tf.zeros([], weights.dtype))
    times = number // weights.shape.num_elements()
    return total if times == 1 else total * float(times)
