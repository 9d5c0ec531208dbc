"""Stacks the tensors of all iterations. The first dimension is the iteration."""

from __future__ import annotations

from typing import Union

import tensorflow as tf

from keras_xent._tensorflow import Mapped
from keras_xent.ops.spec import Spec

# The rank is an int if it is known, and otherwise a tensor.
Rank = Union[int, tf.Tensor]


def stacked_axis(spec: Spec) -> int | None:
    """The class axis of a stacked tensor, or None."""
    if spec.axis is None:
        return None
    return spec.axis + 1 if spec.axis >= 0 else spec.axis


def stacked(mapped: Mapped, length: tf.Tensor) -> tf.Tensor:
    """The stacked tensor. If all iterations share one tensor, it is repeated.

    Args:
        mapped: a stacked tensor, or one that all iterations share.
        length: the number of iterations, as a vector of one element.
    """
    tensor = mapped.tensor
    if mapped.stacked:
        return tensor
    shape = tf.shape(tensor)
    return tf.broadcast_to(tensor, tf.concat([tf.cast(length, shape.dtype), shape], 0))


def rank_of_losses(spec: Spec, logits: Mapped) -> Rank:
    """The rank of the stacked losses."""
    rank = logits.tensor.shape.rank
    if rank is None:
        rank = tf.rank(logits.tensor)
    stacked_rank = rank if logits.stacked else rank + 1
    return stacked_rank if spec.axis is None else stacked_rank - 1


def aligned(mapped: Mapped, rank: Rank) -> tf.Tensor:
    """A tensor with `rank` dimensions, from a scalar or a tensor of the losses' rank.

    Its first dimension is the number of iterations, or 1.
    """
    tensor = mapped.tensor if mapped.stacked else tf.expand_dims(mapped.tensor, 0)
    if tensor.shape.rank is not None and isinstance(rank, int):
        missing = rank - tensor.shape.rank
        return tf.reshape(tensor, [-1] + [1] * missing) if missing else tensor
    shape = tf.shape(tensor)
    missing = rank - tf.size(shape)
    return tf.reshape(tensor, tf.concat([shape[:1], tf.ones([missing], tf.int32), shape[1:]], 0))


def all_but_first(rank: Rank) -> list[int] | tf.Tensor:
    """The axes of one iteration in a tensor of that rank."""
    return list(range(1, rank)) if isinstance(rank, int) else tf.range(1, rank)
