"""Tensors with a class axis anywhere, as the matrices that TensorFlow's fused op takes."""

from __future__ import annotations

import tensorflow as tf


def beside_classes(per_loss: tf.Tensor, axis: int) -> tf.Tensor:
    """A scalar as it is; a number for each loss with a class axis of size 1."""
    return per_loss if per_loss.shape.rank == 0 else tf.expand_dims(per_loss, axis)


def moved_last(x: tf.Tensor, axis: int) -> tf.Tensor:
    """The tensor with its class axis as the last one."""
    return x if _is_last(x, axis) else _moved(x, axis, -1)


def moved_back(x: tf.Tensor, axis: int) -> tf.Tensor:
    """The inverse of `moved_last`."""
    return x if _is_last(x, axis) else _moved(x, -1, axis)


def as_matrix(x: tf.Tensor) -> tf.Tensor:
    """A row of classes for each loss, of a tensor whose class axis is the last one."""
    if x.shape.rank == 2:
        return x
    shape = tf.shape(x)
    # Not -1: TensorFlow can't tell how many rows without classes there are.
    matrix = tf.reshape(x, [tf.reduce_prod(shape[:-1]), shape[-1]])
    if x.shape.rank is not None:
        matrix.set_shape([x.shape[:-1].num_elements(), x.shape[-1]])
    return matrix


def _is_last(x: tf.Tensor, axis: int) -> bool:
    return axis == -1 or axis + 1 == x.shape.rank


def _moved(x: tf.Tensor, source: int, target: int) -> tf.Tensor:
    rank = x.shape.rank
    if rank is not None:
        order = list(range(rank))
        order.insert(target % rank, order.pop(source))
        return tf.transpose(x, order)
    # Position i of the result has what was at position order[i].
    rank = tf.rank(x)
    positions = tf.range(rank)
    source, target = tf.math.floormod(source, rank), tf.math.floormod(target, rank)
    others = tf.concat([positions[:source], positions[source + 1 :]], 0)
    return tf.transpose(x, tf.concat([others[:target], [source], others[target:]], 0))
