"""Converts tensors with any class axis to the matrices that TensorFlow's fused op accepts.

If each element is an example, the axis is None and nothing is moved.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def static_size(shape: tf.TensorShape, axis: int) -> int | None:
    """The number of classes, if it is known."""
    # Not shape[axis], because that is a Dimension instead of a number if v2 behavior is disabled.
    return None if shape.rank is None else shape.as_list()[axis]


def last(axis: int | None) -> int | None:
    """The class axis of the tensor that `moved_last` returns."""
    return None if axis is None else -1


def beside_classes(per_loss: tf.Tensor, axis: int | None) -> tf.Tensor:
    """A tensor with a number for each loss, plus a class axis of size 1. Scalars stay unchanged."""
    if axis is None or per_loss.shape.rank == 0:
        return per_loss
    return tf.expand_dims(per_loss, axis)


def times(x: tf.Tensor, per_loss: tf.Tensor, axis: int | None, dtype: tf.DType) -> tf.Tensor:
    """The product of a tensor and `per_loss`, which is a scalar or a number for each loss."""
    return tf.cast(x * beside_classes(per_loss, axis), dtype)


def moved_last(x: tf.Tensor, axis: int | None) -> tf.Tensor:
    """The tensor with its class axis moved to the end."""
    if axis is None or _is_last(x, axis):
        return x
    return tf.transpose(x, _class_axis_last(x, axis))


def moved_back(x: tf.Tensor, axis: int | None) -> tf.Tensor:
    """The inverse of `moved_last`."""
    if axis is None or _is_last(x, axis):
        return x
    return tf.transpose(x, tf.math.invert_permutation(_class_axis_last(x, axis)))


def as_matrix(x: tf.Tensor) -> tf.Tensor:
    """A matrix with a row for each loss, from a tensor whose class axis is the last one."""
    return as_matrices(x)[0]


def as_matrices(*tensors: tf.Tensor) -> list[tf.Tensor]:
    """`as_matrix` for tensors that all have the same shape."""
    if all(x.shape.rank == 2 for x in tensors):
        return list(tensors)
    shape = tf.shape(tensors[0])
    # Not -1, because without classes, TensorFlow couldn't infer the number of rows.
    dims = tf.stack([tf.reduce_prod(shape[:-1]), shape[-1]])
    matrices = [tf.reshape(x, dims) for x in tensors]
    for x, matrix in zip(tensors, matrices):
        if x.shape.rank is not None:
            matrix.set_shape([x.shape[:-1].num_elements(), x.shape[-1]])
    return matrices


def from_matrix(
    losses: tf.Tensor, backprop: tf.Tensor, logits: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """An op's results for `as_matrix(logits)`, reshaped to fit these logits."""
    if not static_size(logits.shape, -1):
        # TensorFlow doesn't define the result for rows without classes.
        no_classes = tf.equal(tf.shape(logits)[-1], 0)
        losses = tf.where(no_classes, tf.zeros([], losses.dtype), losses)
    if logits.shape.rank != 2:
        shape = tf.shape(logits)
        losses = tf.reshape(losses, shape[:-1])
        backprop = tf.reshape(backprop, shape)
    return losses, backprop


def _is_last(x: tf.Tensor, axis: int) -> bool:
    return axis == -1 or axis + 1 == x.shape.rank


def _class_axis_last(x: tf.Tensor, axis: int) -> Any:
    """The permutation for `tf.transpose`."""
    rank = x.shape.rank
    if rank is not None:
        axis %= rank
        return [*range(axis), *range(axis + 1, rank), axis]
    rank = tf.rank(x)
    # If the axis is out of range, the permutation is invalid, and tf.transpose raises an error.
    axis = axis if axis >= 0 else axis + rank
    positions = tf.range(rank)
    return tf.concat([positions[:axis], positions[axis + 1 :], [axis]], 0)
