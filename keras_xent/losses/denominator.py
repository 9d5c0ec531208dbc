"""The denominator of a batch's losses, as terms that can be added up over batches and replicas."""

from __future__ import annotations

from typing import Any, Callable

import tensorflow as tf

from keras_xent.losses import sample_weights
from keras_xent.ops import weighting
from keras_xent.reduction import Reduction


class Denominator:
    """The denominator of a batch's reduction.

    It is one term, except with a mask and `SUM_OVER_BATCH_SIZE`. Then, as in Keras, it is the
    number of losses times the fraction of elements that the mask keeps.
    """

    def __init__(
        self, weights: tf.Tensor, losses_shape: tf.Tensor, mask: Any, reduction: Reduction
    ) -> None:
        """Counts the losses, the mask's elements or the weights.

        Args:
            weights: the weights, a scalar or a tensor of the losses' rank.
            losses_shape: the losses' shape, as a tensor.
            mask: the mask that is part of the weights, dense or ragged, or None.
            reduction: the reduction.
        """
        self._terms = [weighting.denominator(weights, losses_shape, reduction)]
        if mask is not None and reduction is Reduction.SUM_OVER_BATCH_SIZE:
            kept = sample_weights.mask_weights(mask, weights.dtype, Reduction.SUM)
            self._terms += [tf.reduce_sum(kept), tf.cast(tf.size(kept), weights.dtype)]

    def value(self, summed: Callable[[tf.Tensor], tf.Tensor] = lambda terms: terms) -> tf.Tensor:
        """The denominator.

        Args:
            summed: adds up the terms of several batches. By default, only this batch counts.
        """
        losses, *others = tf.unstack(summed(tf.stack(self._terms)))
        if not others:
            return losses
        kept, size = others
        return tf.math.divide_no_nan(losses * kept, size)
