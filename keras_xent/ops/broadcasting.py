"""Broadcasts labels and logits of different shapes, which TF1's nn function accepts.

`tf.compat.v1.nn.softmax_cross_entropy_with_logits_v2` reshapes both to matrices, with the class
axis last, and its op broadcasts any dimension of size 1. So it accepts labels of shape [1, C] or
[N, 1] with logits of shape [N, C], and vice versa. If there are more dimensions, a tensor is
broadcast if all of its dimensions except the class axis are 1.
"""

from __future__ import annotations

import math

import tensorflow as tf


def to_one_shape(
    logits: tf.Tensor, labels: tf.Tensor, axis: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Logits and labels of one shape, if they can be broadcast to one.

    If they can't, their shapes still differ, and the op raises an error. The gradients are summed
    over the broadcast dimensions. Tensors of the same shape aren't copied, even if the shapes are
    known only when a graph runs.

    Args:
        logits: a tensor of any shape.
        labels: a tensor of any shape, in the logits' dtype.
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
    """The tensor, broadcast when the graph runs.

    TensorFlow would fold the broadcast of a constant into a larger constant. It doesn't fold a
    placeholder that has this constant as its default.
    """
    if not tf.executing_eagerly() and tf.get_static_value(tensor) is not None:
        tensor = tf.raw_ops.PlaceholderWithDefault(input=tensor, shape=tensor.shape)
    return tf.broadcast_to(tensor, shape)


def _may_fit(shape: tf.TensorShape, labels_shape: tf.TensorShape, axis: int) -> bool:
    """Whether the ranks can be equal, and large enough for the axis."""
    rank, labels_rank = shape.rank, labels_shape.rank
    if rank is None or labels_rank is None:
        return True
    return rank == labels_rank and -rank <= axis < rank


def _of_the_logits_rank(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Labels reshaped to the logits' rank, if they have as many rows as the logits, or one row.

    TF1 accepts such labels because it reshapes both tensors to matrices.
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
    # Labels with another number of rows can't be reshaped. The negative size raises an error, even
    # if they are empty. A scalar raises an error too, because it has no last dimension.
    classes = tf.where(a_row_for_each | tf.equal(labels_rows, 1), labels_dims[-1], -2)
    new = tf.concat([tf.where(a_row_for_each, rows, tf.ones_like(rows)), [classes]], 0)
    # Labels of the same rank with another number of rows stay unchanged.
    size, new_size = tf.size(labels_dims), tf.size(new)
    begin = tf.where(tf.equal(size, new_size) & ~a_row_for_each, 0, size)
    return tf.reshape(labels, tf.slice(tf.concat([labels_dims, new], 0), [begin], [new_size]))


def _target(dims: tf.Tensor, others: tf.Tensor, axis: int, rank: int | None) -> tf.Tensor:
    """The shape to broadcast to. It has the other tensor's size where this one can be broadcast."""
    may = tf.equal(dims, 1)
    if rank is None or rank > 2:
        size = tf.size(dims)
        classes = dims[axis]
        is_class = tf.equal(tf.range(size), axis if axis >= 0 else size + axis)
        may &= is_class | tf.equal(tf.reduce_prod(dims), classes)
    return tf.where(may, others, dims)


def _static(shape: tf.TensorShape, other: tf.TensorShape) -> tf.TensorShape:
    """The static shape after broadcasting."""
    if shape.rank is None or other.rank is None:
        return tf.TensorShape(None)
    dims = [
        dim if dim not in (1, None) else None if dim is None or other_dim != 1 else 1
        for dim, other_dim in zip(shape.as_list(), other.as_list())
    ]
    return tf.TensorShape(dims)
