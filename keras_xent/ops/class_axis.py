"""Tensors with a class axis anywhere, as the matrices that TensorFlow's fused op takes."""

from __future__ import annotations

from typing import Any, Optional

import tensorflow as tf


def static_size(shape: tf.TensorShape, axis: int) -> Optional[int]:
    """The number of classes, if it is known."""
    # Not shape[axis]: without v2 behavior that is no number.
    return None if shape.rank is None else shape.as_list()[axis]


def beside_classes(per_loss: tf.Tensor, axis: int) -> tf.Tensor:
    """A scalar as it is; a number for each loss with a class axis of size 1."""
    return per_loss if per_loss.shape.rank == 0 else tf.expand_dims(per_loss, axis)


def times(x: tf.Tensor, per_loss: tf.Tensor, axis: int, dtype: tf.DType) -> tf.Tensor:
    """The product of a tensor and a scalar or a number for each loss, cast to a dtype."""
    return tf.cast(x * beside_classes(per_loss, axis), dtype)


def moved_last(x: tf.Tensor, axis: int) -> tf.Tensor:
    """The tensor with its class axis as the last one."""
    return x if _is_last(x, axis) else tf.transpose(x, _class_axis_last(x, axis))


def moved_back(x: tf.Tensor, axis: int) -> tf.Tensor:
    """The inverse of `moved_last`."""
    if _is_last(x, axis):
        return x
    return tf.transpose(x, tf.math.invert_permutation(_class_axis_last(x, axis)))


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


def _class_axis_last(x: tf.Tensor, axis: int) -> Any:
    """The order of axes that `tf.transpose` needs."""
    rank = x.shape.rank
    if rank is not None:
        axis %= rank
        return [*range(axis), *range(axis + 1, rank), axis]
    rank = tf.rank(x)
    # An axis out of range makes an invalid order, and tf.transpose raises an error.
    axis = axis if axis >= 0 else axis + rank
    positions = tf.range(rank)
    return tf.concat([positions[:axis], positions[axis + 1 :], [axis]], 0)
