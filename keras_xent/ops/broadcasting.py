"""Labels and logits of different shapes, as TF1's nn function takes them.

`tf.compat.v1.nn.softmax_cross_entropy_with_logits_v2` makes matrices of both, with the class axis
last, and its op broadcasts either of their dimensions where one has 1. So labels of shape [1, C]
or [N, 1] serve logits of shape [N, C], and the other way round. With more dimensions, one of the
two broadcasts if all of its dimensions but the class axis are 1.
"""

from __future__ import annotations

import math
from typing import Optional, Tuple

import tensorflow as tf


def to_one_shape(
    logits: tf.Tensor, labels: tf.Tensor, axis: int
) -> Tuple[tf.Tensor, tf.Tensor]:
    """Logits and labels of one shape, if they can be broadcast to one.

    Otherwise their shapes still differ, and the op raises an error. The gradients are summed
    over what was broadcast. Tensors that have the same shape already stay as they are; if that
    is known only when a graph runs, nothing is copied then.

    Args:
        logits: any shape.
        labels: any shape; the logits' dtype.
        axis: the class axis.
    """
    shape, labels_shape = logits.shape, labels.shape
    if shape == labels_shape and shape.is_fully_defined():
        return logits, labels
    with tf.name_scope("broadcasting"):
        if axis == -1:
            labels = _of_the_logits_rank(logits, labels)
        if not _may_fit(shape, labels.shape, axis):
            return logits, labels
        labels_shape = labels.shape
        dims, labels_dims = tf.shape(logits), tf.shape(labels)
        new_logits = _broadcast(logits, _target(dims, labels_dims, axis, shape.rank))
        new_labels = _broadcast(labels, _target(labels_dims, dims, axis, shape.rank))
    new_logits.set_shape(_static(shape, labels_shape))
    new_labels.set_shape(_static(labels_shape, shape))
    return new_logits, new_labels


def _broadcast(tensor: tf.Tensor, shape: tf.Tensor) -> tf.Tensor:
    """The tensor, broadcast when it is used.

    A constant that is broadcast to a known shape would become a larger one. TensorFlow leaves a
    placeholder alone, even if nothing feeds it.
    """
    if not tf.executing_eagerly() and tf.get_static_value(tensor) is not None:
        tensor = tf.raw_ops.PlaceholderWithDefault(input=tensor, shape=tensor.shape)
    return tf.broadcast_to(tensor, shape)


def _may_fit(shape: tf.TensorShape, labels_shape: tf.TensorShape, axis: int) -> bool:
    """Whether the ranks can be the same, and have the axis."""
    rank, labels_rank = shape.rank, labels_shape.rank
    if rank is None or labels_rank is None:
        return True
    return rank == labels_rank and -rank <= axis < rank


def _of_the_logits_rank(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Labels with a row for every row of the logits, or of another rank with one row for all.

    That is how TF1 sees them, as it makes matrices of both.
    """
    shape, labels_shape = logits.shape, labels.shape
    if 0 in (shape.rank, labels_shape.rank):
        return labels
    if shape.is_fully_defined() and labels_shape.is_fully_defined():
        *outer, classes = labels_shape.as_list()
        if math.prod(outer) == math.prod(shape[:-1]):
            return tf.reshape(labels, [*shape[:-1], classes])
        if labels_shape.rank != shape.rank and math.prod(outer) == 1:
            return tf.reshape(labels, [*[1] * (shape.rank - 1), classes])
        return labels
    if shape.rank is not None and shape.rank == labels_shape.rank:
        return labels
    dims, labels_dims = tf.shape(logits), tf.shape(labels)
    rows, labels_rows = dims[:-1], tf.reduce_prod(labels_dims[:-1])
    a_row_for_each = tf.equal(tf.reduce_prod(rows), labels_rows)
    # Labels with another number of rows have no such shape, and a negative size is an error, also
    # where they are empty. A scalar has no last dimension, which is one too.
    classes = tf.where(a_row_for_each | tf.equal(labels_rows, 1), labels_dims[-1], -2)
    new = tf.concat([tf.where(a_row_for_each, rows, tf.ones_like(rows)), [classes]], 0)
    # Of the same rank and with another number of rows, they stay as they are.
    size, new_size = tf.size(labels_dims), tf.size(new)
    begin = tf.where(tf.equal(size, new_size) & ~a_row_for_each, 0, size)
    return tf.reshape(labels, tf.slice(tf.concat([labels_dims, new], 0), [begin], [new_size]))


def _target(dims: tf.Tensor, others: tf.Tensor, axis: int, rank: Optional[int]) -> tf.Tensor:
    """The shape to broadcast to: that of the other tensor where this one may."""
    may = tf.equal(dims, 1)
    if rank is None or rank > 2:
        size = tf.size(dims)
        classes = dims[axis]
        is_class = tf.equal(tf.range(size), axis if axis >= 0 else size + axis)
        may &= is_class | tf.equal(tf.reduce_prod(dims), classes)
    return tf.where(may, others, dims)


def _static(shape: tf.TensorShape, other: tf.TensorShape) -> tf.TensorShape:
    """What is known of the shape after broadcasting."""
    if shape.rank is None or other.rank is None:
        return tf.TensorShape(None)
    dims = [
        dim if dim not in (1, None) else None if dim is None or other_dim != 1 else 1
        for dim, other_dim in zip(shape.as_list(), other.as_list())
    ]
    return tf.TensorShape(dims)
