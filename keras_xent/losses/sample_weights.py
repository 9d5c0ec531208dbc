"""Converts Keras's sample weights and masks to weights that the op accepts."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_xent.ops import conversion
from keras_xent.ops.spec import real_dtype
from keras_xent.reduction import Reduction

# What messages call Keras's mask.
MASK = "the mask"


def same_rank(labels: tf.Tensor, predictions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Removes a last dimension of 1 that only one of them has, as Keras 3 does.

    If the other one has rank 1, this adds the dimension to it instead: shapes (N,) and (N, 1) mean
    N samples, not N classes.
    """
    if labels.shape.rank is None or predictions.shape.rank is None:
        return labels, predictions
    surplus = labels.shape.rank - predictions.shape.rank
    if surplus == 1 and labels.shape[-1] == 1:
        if predictions.shape.rank == 1:
            return labels, predictions[:, None]
        return tf.squeeze(labels, -1), predictions
    if surplus == -1 and predictions.shape[-1] == 1:
        if labels.shape.rank == 1:
            return labels[:, None], predictions
        return labels, tf.squeeze(predictions, -1)
    return labels, predictions


def rank_of(tensor: tf.Tensor) -> int | tf.Tensor:
    """The rank, as a tensor if it is known only when a graph runs."""
    rank: int | None = tensor.shape.rank
    return tf.rank(tensor) if rank is None else rank


def for_losses(
    sample_weight: Any,
    mask: tf.Tensor | None,
    losses_rank: int | tf.Tensor,
    dtype: tf.DType,
    reduction: Reduction,
) -> tuple[tf.Tensor, bool]:
    """Merges weights and mask.

    Args:
        sample_weight: the caller's weights, or None.
        mask: Keras's mask, or None.
        losses_rank: the losses' rank. It is a tensor if it is known only when a graph runs.
        dtype: the losses' dtype.
        reduction: how the losses will be reduced.

    Returns:
        Weights that are a scalar or have the losses' rank, and whether the caller's weights had
        an additional last dimension of 1.

    Raises:
        ValueError: the weights have too many dimensions.
    """
    real = real_dtype(dtype)
    if sample_weight is None:
        weights, last_dim = tf.constant(1.0, real), False
    else:
        _check_dense(sample_weight, "sample_weight")
        # Without the hint, Python's numbers would become float32 first.
        weights = tf.cast(conversion.to_tensor(sample_weight, "sample_weight", real), real)
        last_dim = isinstance(losses_rank, int) and losses_rank == 1 and weights.shape.rank == 2
        weights = _aligned(weights, losses_rank, "sample_weight")
    if mask is None:
        return weights, last_dim
    _check_dense(mask, MASK)
    kept = mask_weights(mask, real, reduction)
    return weights * _aligned(kept, losses_rank, MASK), last_dim


def mask_weights(mask: Any, real: tf.DType, reduction: Reduction) -> Any:
    """A mask, dense or ragged, as weights of its shape."""
    kept = tf.cast(tf.cast(mask, tf.bool), real)
    if reduction is Reduction.SUM_OVER_BATCH_SIZE:
        # Keras divides by the number of elements that the mask keeps:
        #   sum(l * w * mask * size / kept) / size = sum(l * w * mask) / kept
        size = tf.cast(tf.size(kept), real)
        kept *= tf.math.divide_no_nan(size, tf.reduce_sum(kept))
    return kept


def expected(name: str) -> str:
    """What weights or a mask may be."""
    if name == MASK:
        return "expected a mask of the losses' shape, or of their first dimensions"
    return "pass a scalar, one weight for each sample, or one weight for each loss"


def _check_dense(value: Any, name: str) -> None:
    if isinstance(value, tf.RaggedTensor):
        raise TypeError(
            f"{name} is a RaggedTensor, expected a dense tensor, because the losses are dense: use "
            "its to_tensor() method"
        )


def _aligned(weights: tf.Tensor, losses_rank: int | tf.Tensor, name: str) -> tf.Tensor:
    """Reshapes the weights to the losses' rank. Their dimensions match the losses' first ones."""
    rank = weights.shape.rank
    if rank == 0:
        return weights
    if rank is None or not isinstance(losses_rank, int):
        # The reshape fails unless it removes only dimensions of 1.
        ones = tf.ones(tf.reshape(losses_rank, [1]), tf.int32)
        return tf.reshape(weights, tf.concat([tf.shape(weights), ones], 0)[:losses_rank])
    if rank == losses_rank:
        return weights
    if rank == losses_rank + 1 and weights.shape[-1] in (1, None):
        return tf.squeeze(weights, -1)
    if rank > losses_rank:
        raise ValueError(
            f"{name} has shape {weights.shape}, and the losses have rank {losses_rank}: "
            f"{expected(name)}"
        )
    shape = tf.concat([tf.shape(weights), [1] * (losses_rank - rank)], 0)
    aligned = tf.reshape(weights, shape)
    aligned.set_shape([*weights.shape.as_list(), *[1] * (losses_rank - rank)])
    return aligned
