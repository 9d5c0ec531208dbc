"""How losses are weighted, masked and reduced."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

import tensorflow as tf

from keras_xent import _keras
from keras_xent.losses import ragged, sample_weights
from keras_xent.ops import replicas, spec, weighting
from keras_xent.reduction import Reduction


class Weighting(NamedTuple):
    """How a loss is weighted and reduced.

    Attributes:
        sample_weight: the caller's weights, or None.
        mask: Keras's mask, or None.
        reduction: the reduction.
        shared: None, or the reduction whose denominator all replicas share. `reduction` is then
            `SUM`.
        counted_mask: the mask whose elements the shared denominator counts, if it isn't `mask`.
    """

    sample_weight: Any
    mask: tf.Tensor | None
    reduction: Reduction
    shared: Reduction | None = None
    counted_mask: Any = None

    def over_replicas(self) -> Weighting:
        """The same, with one denominator for all replicas."""
        return self._replace(reduction=Reduction.SUM, shared=self.reduction)

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
            counted = self.mask
        else:
            sample_weight, _ = rows.weights(self.sample_weight, None, dtype, self.reduction)
            # It stays a mask, because a mean counts the losses that both masks keep.
            mask = counted = _keras.merge_masks(rows.mask(self.mask), kept)
        return self._replace(sample_weight=sample_weight, mask=mask, counted_mask=counted)

    def fused(
        self, op: Callable[[tf.Tensor], tf.Tensor], predictions: tf.Tensor, axis: int | None
    ) -> tf.Tensor:
        """The value of an op that computes, weights and reduces the losses.

        Args:
            op: a function from weights, which are a scalar or have the losses' rank, to the value.
            predictions: a tensor of the losses' dtype, and of their shape without the axis.
            axis: the class axis, or None if the predictions have the losses' shape.
        """
        losses_rank = sample_weights.rank_of(predictions) - (0 if axis is None else 1)
        weights, last_dim = sample_weights.for_losses(
            self.sample_weight, self.mask, losses_rank, predictions.dtype, self.reduction
        )
        if self.shared is not None:
            losses_shape = spec.losses_shape(predictions, axis)
            static_shape = spec.static_losses_shape(predictions.shape, axis)
            weights = weighting.checked_weights(weights, static_shape, losses_shape)
            divisor = self._shared_denominator(weights, losses_shape)
            weights = tf.math.divide_no_nan(weights, divisor)
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

        return self.fused(reduced, losses, None)

    def _shared_denominator(self, weights: tf.Tensor, losses_shape: tf.Tensor) -> tf.Tensor:
        """The denominator of the losses of all replicas."""
        assert self.shared is not None
        local = weighting.denominator(weights, losses_shape, self.shared)
        mask = self.mask if self.counted_mask is None else self.counted_mask
        if mask is None or self.shared is not Reduction.SUM_OVER_BATCH_SIZE:
            return replicas.summed(local)
        # As for one replica (`mask_weights`): the number of losses, times the share of the mask's
        # elements that it keeps.
        kept = sample_weights.mask_weights(mask, weights.dtype, Reduction.SUM)
        counts = [local, tf.reduce_sum(kept), tf.cast(tf.size(kept), weights.dtype)]
        losses, kept, size = tf.unstack(replicas.summed(tf.stack(counts)))
        return tf.math.divide_no_nan(losses * kept, size)


# Returns the losses unchanged.
NOTHING = Weighting(None, None, Reduction.NONE)
