"""Reduces the losses of each iteration."""

from __future__ import annotations

import tensorflow as tf

from keras_xent._tensorflow import Mapped
from keras_xent.ops.spec import Spec
from keras_xent.ops.vectorized.stacking import Rank, aligned, all_but_first
from keras_xent.reduction import Reduction


def coefficients(
    spec: Spec,
    upstream: tf.Tensor,
    weights: Mapped,
    losses_shape: tf.Tensor,
    rank: Rank,
) -> tf.Tensor:
    """The derivatives of the values with respect to the losses, times `upstream`."""
    factors = aligned(weights, rank)
    return divided(spec, upstream, factors, losses_shape, rank) * factors


def divided(
    spec: Spec,
    numerator: tf.Tensor,
    weights: tf.Tensor,
    losses_shape: tf.Tensor,
    rank: Rank,
) -> tf.Tensor:
    """The numerators of all iterations, divided by the reduction's denominators.

    Args:
        spec: contains the reduction.
        numerator: a tensor of the stacked losses' rank. Its first dimension is 1 or the number of
            iterations.
        weights: a tensor with the same properties.
        losses_shape: the stacked losses' shape.
        rank: the stacked losses' rank.
    """
    by = denominator(spec, weights, losses_shape, rank)
    return numerator if by is None else tf.math.divide_no_nan(numerator, by)


def denominator(
    spec: Spec, weights: tf.Tensor, losses_shape: tf.Tensor, rank: Rank
) -> tf.Tensor | None:
    """The denominators of all iterations: a tensor of that rank, a scalar, or None."""
    if spec.reduction in (Reduction.NONE, Reduction.SUM):
        return None
    size = tf.reduce_prod(losses_shape[1:])
    if spec.reduction is Reduction.SUM_OVER_BATCH_SIZE:
        return tf.cast(size, weights.dtype)
    counted = weights
    if spec.reduction is Reduction.SUM_BY_NONZERO_WEIGHTS:
        counted = tf.cast(tf.not_equal(weights, 0), weights.dtype)
    total = tf.reduce_sum(counted, all_but_first(rank), keepdims=True)
    # A broadcast weight counts once for each loss.
    times = size // tf.maximum(tf.reduce_prod(tf.shape(weights)[1:]), 1)
    return total * tf.cast(times, weights.dtype)
