"""Checks of shapes that are known only when a graph runs."""

from __future__ import annotations

import contextlib
from typing import Any, Iterator

import tensorflow as tf


def assert_shape(tensor: tf.Tensor, wanted: tf.Tensor, message: str) -> tf.Operation:
    """An op that fails with InvalidArgumentError unless the tensor has that shape.

    The error ends with the shape that is wanted and the one that came.
    """
    shape = tf.shape(tensor)
    with _on_host(shape):
        dims, wanted_dims = _in_common(shape, wanted)
        same = _same_rank(shape, wanted) & tf.reduce_all(tf.equal(dims, wanted_dims))
        return _assertion(same, message, wanted, shape)


def of_shape(tensor: tf.Tensor, wanted: tf.Tensor, known: tf.TensorShape) -> tf.Tensor:
    """The tensor, by an op that fails unless it has that shape, under XLA too.

    It moves no memory. Its error says little: outside XLA an assertion should come before it.

    Args:
        tensor: any.
        wanted: the shape.
        known: what is known of that shape before the graph runs.
    """
    shape = tf.shape(tensor)
    same = _same_rank(shape, wanted)
    if tensor.shape.rank is None or tensor.shape.rank == known.rank:
        same &= tf.reduce_all(tf.equal(shape, wanted))
    # A negative size is an error.
    checked = tf.reshape(tensor, tf.where(same, wanted, -2))
    checked.set_shape(known)
    return checked


def assert_broadcastable(weights: tf.Tensor, losses_shape: tf.Tensor, rule: str) -> tf.Operation:
    """An op that fails with InvalidArgumentError unless weights fit losses of that shape.

    They do if they are a scalar, or have the same rank with every dimension 1 or the losses'.
    """
    shape = tf.shape(weights)
    with _on_host(shape):
        message = "weights can not be broadcast to values: weights and losses have the shapes"
        return _assertion(_fit(shape, losses_shape), message, shape, losses_shape, rule)


def broadcastable(weights: tf.Tensor, losses_shape: tf.Tensor) -> tf.Tensor:
    """The weights, by an op that fails unless they fit losses of that shape, under XLA too.

    What `of_shape` says of memory and errors holds here too.
    """
    shape = tf.shape(weights)
    # A negative size is an error.
    checked = tf.reshape(weights, tf.where(_fit(shape, losses_shape), shape, -2))
    checked.set_shape(weights.shape)
    return checked


def assert_true(condition: tf.Tensor, *data: Any) -> tf.Operation:
    """An op that fails with InvalidArgumentError and shows the data, unless the condition holds."""
    with _on_host(condition):
        return _assertion(condition, *data)


@contextlib.contextmanager
def _on_host(near: tf.Tensor) -> Iterator[None]:
    """Places ops on the CPU of the machine on which `near` is.

    No GPU has a kernel for text, and what an assertion reads is in the host's memory.
    """
    host = tf.DeviceSpec.from_string(near.device).replace(device_type="CPU", device_index=0)
    # A gradient's ops are colocated with what it is the gradient of.
    graph = tf.compat.v1.get_default_graph()
    with graph.colocate_with(None, ignore_existing=True), tf.device(host.to_string()):
        yield


def _same_rank(shape: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    return tf.equal(tf.size(shape), tf.size(other))


def _fit(weights_shape: tf.Tensor, losses_shape: tf.Tensor) -> tf.Tensor:
    dims, losses_dims = _in_common(weights_shape, losses_shape)
    fit = tf.reduce_all(tf.equal(dims, 1) | tf.equal(dims, losses_dims))
    is_scalar = tf.equal(tf.size(weights_shape), 0)
    return is_scalar | (_same_rank(weights_shape, losses_shape) & fit)


def _in_common(shape: tf.Tensor, other: tf.Tensor) -> Any:
    """As many dimensions as both have."""
    rank = tf.minimum(tf.size(shape), tf.size(other))
    return shape[:rank], other[:rank]


def _assertion(condition: tf.Tensor, *data: Any) -> tf.Operation:
    # The op itself: tf.debugging.Assert puts a conditional around it, whose functions would keep
    # the device of this place.
    return tf.raw_ops.Assert(condition=condition, data=data)
