"""How losses are weighted, masked and reduced."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

import tensorflow as tf

from keras_xent import _keras
from keras_xent.losses import ragged, sample_weights
from keras_xent.ops import weighting
from keras_xent.reduction import Reduction


class Weighting(NamedTuple):
    """How a loss is weighted and reduced.

    Attributes:
        sample_weight: the caller's weights, or None.
        mask: Keras's mask, or None.
        reduction: the reduction.
    """

    sample_weight: Any
    mask: tf.Tensor | None
    reduction: Reduction

    def masked(self, mask: tf.Tensor | None) -> Weighting:
        """The same weighting with one more mask."""
        return self._replace(mask=_keras.merge_masks(self.mask, mask))

    def of_rows(
        self, rows: ragged.Rows, dtype: tf.DType, kept: tf.Tensor | None = None
    ) -> Weighting:
        """The same weighting for the losses of all rows of a ragged tensor.

        Args:
            rows: the losses' rows.
            dtype: the losses' dtype.
            kept: one more mask, of the losses of all rows.
        """
        if kept is None:
            sample_weight, mask = rows.weights(self.sample_weight, self.mask, dtype, self.reduction)
        else:
            sample_weight, _ = rows.weights(self.sample_weight, None, dtype, self.reduction)
            # It stays a mask, because a mean counts the losses that both masks keep.
            mask = _keras.merge_masks(rows.mask(self.mask), kept)
        return self._replace(sample_weight=sample_weight, mask=mask)

    def fused(
        self,
        op: Callable[[tf.Tensor], tf.Tensor],
        losses_rank: int | tf.Tensor,
        dtype: tf.DType,
    ) -> tf.Tensor:
        """The value of an op that computes, weights and reduces the losses.

        Args:
            op: a function from weights, which are a scalar or have the losses' rank, to the value.
            losses_rank: the losses' rank. It is a tensor if it is known only when a graph runs.
            dtype: the losses' dtype.
        """
        weights, last_dim = sample_weights.for_losses(
            self.sample_weight, self.mask, losses_rank, dtype, self.reduction
        )
        value = op(weights)
        keeps_last_dim = last_dim and _keras.KEEPS_WEIGHTS_LAST_DIM
        if keeps_last_dim and self.reduction is Reduction.NONE and value.shape.rank == 1:
            return value[:, None]
        return value

    def of(self, losses: Any) -> Any:
        """Weights and reduces losses, which can be ragged."""
        if isinstance(losses, tf.RaggedTensor):
            rows = ragged.Rows(losses, losses.ragged_rank)
            return rows.restored(self.of_rows(rows, losses.dtype).of(losses.flat_values))

        def reduced(weights: tf.Tensor) -> tf.Tensor:
            weights = weighting.checked_weights(weights, losses.shape, tf.shape(losses))
            real = tf.cast(losses, weights.dtype)
            return tf.cast(weighting.reduce_losses(real, weights, self.reduction), losses.dtype)

        return self.fused(reduced, sample_weights.rank_of(losses), losses.dtype)


# Returns the losses unchanged.
NOTHING = Weighting(None, None, Reduction.NONE)
