"""Checks shapes that are known only when a graph runs."""

from __future__ import annotations

import contextlib
from typing import Any, Iterator

import tensorflow as tf


def assert_shape(tensor: tf.Tensor, wanted: tf.Tensor, message: str) -> tf.Operation:
    """An op that raises InvalidArgumentError unless the tensor has that shape.

    The error ends with the expected shape and the tensor's shape.
    """
    shape = tf.shape(tensor)
    with _on_host(shape):
        dims, wanted_dims = _in_common(shape, wanted)
        same = _same_rank(shape, wanted) & tf.reduce_all(tf.equal(dims, wanted_dims))
        return _assertion(same, message, wanted, shape)


def of_shape(tensor: tf.Tensor, wanted: tf.Tensor, known: tf.TensorShape) -> tf.Tensor:
    """The output of an op that fails unless the tensor has that shape. It also works under XLA.

    It doesn't copy the tensor. Its error message isn't helpful, so outside XLA, run an assertion
    before it.

    Args:
        tensor: any tensor.
        wanted: the shape.
        known: the static part of that shape.
    """
    shape = tf.shape(tensor)
    same = _same_rank(shape, wanted)
    if tensor.shape.rank is None or tensor.shape.rank == known.rank:
        same &= tf.reduce_all(tf.equal(shape, wanted))
    # A negative size raises an error.
    checked = tf.reshape(tensor, tf.where(same, wanted, -2))
    checked.set_shape(known)
    return checked


def assert_broadcastable(weights: tf.Tensor, losses_shape: tf.Tensor, rule: str) -> tf.Operation:
    """An op that raises InvalidArgumentError unless the weights fit losses of that shape.

    Weights fit if they are a scalar, or if they have the losses' rank and each of their dimensions
    is 1 or equal to the losses'.
    """
    shape = tf.shape(weights)
    with _on_host(shape):
        message = "weights can not be broadcast to values: weights and losses have the shapes"
        return _assertion(_fit(shape, losses_shape), message, shape, losses_shape, rule)


def broadcastable(weights: tf.Tensor, losses_shape: tf.Tensor) -> tf.Tensor:
    """The output of an op that fails unless the weights fit losses of that shape.

    Like `of_shape`, it works under XLA, doesn't copy, and has an unhelpful error message.
    """
    shape = tf.shape(weights)
    # A negative size raises an error.
    checked = tf.reshape(weights, tf.where(_fit(shape, losses_shape), shape, -2))
    checked.set_shape(weights.shape)
    return checked


def assert_true(condition: tf.Tensor, *data: Any) -> tf.Operation:
    """An op that raises InvalidArgumentError with this data unless the condition is true."""
    with _on_host(condition):
        return _assertion(condition, *data)


@contextlib.contextmanager
def _on_host(near: tf.Tensor) -> Iterator[None]:
    """Places ops on the CPU of the machine that `near` is on.

    GPUs have no kernels for strings, and an assertion reads the host's memory.
    """
    host = tf.DeviceSpec.from_string(near.device).replace(device_type="CPU", device_index=0)
    # Otherwise, the ops of a gradient are colocated with the op that is differentiated.
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
    """Both shapes, cut to the smaller rank."""
    rank = tf.minimum(tf.size(shape), tf.size(other))
    return shape[:rank], other[:rank]


def _assertion(condition: tf.Tensor, *data: Any) -> tf.Operation:
    # Not tf.debugging.Assert, because it adds a conditional whose functions would keep the current
    # device.
    return tf.raw_ops.Assert(condition=condition, data=data)
