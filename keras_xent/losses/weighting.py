"""How losses are weighted, masked and reduced."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

import tensorflow as tf

from keras_xent import _keras
from keras_xent.losses import ragged, sample_weights
from keras_xent.losses.denominator import Denominator
from keras_xent.ops import spec, weighting
from keras_xent.reduction import Reduction


class Weighting(NamedTuple):
    """How a loss is weighted and reduced.

    Attributes:
        sample_weight: the caller's weights, or None.
        mask: Keras's mask, or None.
        reduction: the reduction.
        divided: None, or a function of the weights and a denominator. It returns weights for which
            the weighted sum of the losses is the value. `reduction` is then `SUM`.
        divides_by: the reduction that this denominator belongs to.
        counted_mask: the mask whose elements this denominator counts, if it isn't `mask`.
    """

    sample_weight: Any
    mask: tf.Tensor | None
    reduction: Reduction
    divided: Callable[[tf.Tensor, Denominator], tf.Tensor] | None = None
    divides_by: Reduction = Reduction.NONE
    counted_mask: Any = None

    def with_division(
        self, divided: Callable[[tf.Tensor, Denominator], tf.Tensor]
    ) -> Weighting:
        """The same weighting, but `divided` replaces the division by this batch's denominator."""
        return self._replace(reduction=Reduction.SUM, divided=divided, divides_by=self.reduction)

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
            op: computes the value from weights that are a scalar or have the losses' rank.
            predictions: a tensor of the losses' dtype, and of their shape without the axis.
            axis: the class axis, or None if the predictions have the losses' shape.
        """
        losses_rank = sample_weights.rank_of(predictions) - (0 if axis is None else 1)
        weights, last_dim = sample_weights.for_losses(
            self.sample_weight, self.mask, losses_rank, predictions.dtype, self.reduction
        )
        if self.divided is not None:
            losses_shape = spec.losses_shape(predictions, axis)
            static_shape = spec.static_losses_shape(predictions.shape, axis)
            weights = weighting.checked_weights(weights, static_shape, losses_shape)
            mask = self.mask if self.counted_mask is None else self.counted_mask
            denominator = Denominator(weights, losses_shape, mask, self.divides_by)
            weights = self.divided(weights, denominator)
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


# Returns the losses unchanged.
NOTHING = Weighting(None, None, Reduction.NONE)
