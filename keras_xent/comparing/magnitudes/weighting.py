"""The magnitudes of the terms of weighted and reduced losses."""

from __future__ import annotations

import tensorflow as tf

from keras_xent.ops import weighting
from keras_xent.reduction import Reduction


class Weighting:
    """The magnitudes of the terms of weighted losses.

    Args:
        losses: the losses' magnitudes, float64.
        weights: a scalar, or a tensor that broadcasts to the losses.
        reduction: the reduction.
    """

    def __init__(self, losses: tf.Tensor, weights: tf.Tensor, reduction: Reduction) -> None:
        self._reduction = reduction
        self._weights = tf.cast(weights, tf.float64)
        self._magnitudes = tf.abs(self._weights)
        each = tf.ones_like(losses) * self._weights
        denominator = {
            Reduction.SUM_OVER_BATCH_SIZE: lambda: tf.cast(tf.size(each), each.dtype),
            Reduction.SUM_BY_NONZERO_WEIGHTS: lambda: tf.math.count_nonzero(each, dtype=each.dtype),
            Reduction.MEAN: lambda: tf.abs(tf.reduce_sum(each)),
        }.get(reduction, lambda: tf.ones([], each.dtype))()
        self._share = tf.math.divide_no_nan(tf.ones([], each.dtype), denominator)
        # If weights have both signs, the error of their sum is relative to its terms, not to it.
        self._amplified = (
            tf.maximum(tf.reduce_sum(tf.abs(each)) * self._share, 1)
            if reduction is Reduction.MEAN
            else tf.ones([], each.dtype)
        )

    def of_value(self, losses: tf.Tensor) -> tf.Tensor:
        """The magnitude of the reduced losses, from the losses' magnitudes."""
        weighted = tf.math.multiply_no_nan(losses, tf.ones_like(losses) * self._magnitudes)
        if self._reduction is not Reduction.NONE:
            weighted = tf.reduce_sum(weighted)
        return weighted * self._share * self._amplified

    def of_losses_gradient(self) -> tf.Tensor:
        """The magnitudes of the derivative with respect to the losses."""
        return self._magnitudes * self._share * self._amplified

    def of_weights_gradient(self, upstream: tf.Tensor, losses: tf.Tensor) -> tf.Tensor:
        """The magnitudes of the derivative with respect to the weights, times `upstream`."""
        terms = losses
        if self._reduction is Reduction.MEAN:
            terms = terms + self.of_value(losses)
        each = upstream * terms * self._share * self._amplified
        return weighting.sum_like(each, self._weights)
