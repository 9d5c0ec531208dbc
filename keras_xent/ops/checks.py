"""Checks shapes that are known only when a graph runs."""

from __future__ import annotations

import contextlib
from typing import Any, Iterator

import tensorflow as tf

from keras_xent import _tensorflow


def of_shape(
    tensor: tf.Tensor, wanted: tf.Tensor, known: tf.TensorShape, message: str | None = None
) -> tf.Tensor:
    """The output of an op that fails unless the tensor has that shape. It also works under XLA.

    It doesn't copy the tensor.

    Args:
        tensor: any tensor.
        wanted: the shape.
        known: the static part of that shape.
        message: the beginning of the InvalidArgumentError. The error adds the expected shape and
            the tensor's shape. XLA drops the assertion that raises this error. If there is no
            message, there is no assertion, and TensorFlow's reshape raises the error.
    """
    shape = tf.shape(tensor)
    with _on_host(shape):
        dims, wanted_dims = _in_common(shape, wanted)
        same = _same_rank(shape, wanted) & tf.reduce_all(tf.equal(dims, wanted_dims))
        assertion = [] if message is None else [_assertion(same, message, wanted, shape)]
        dims = _or_invalid(same, wanted)
    # Not on the dims: TensorFlow drops them if another reshape follows.
    with tf.control_dependencies(assertion):
        checked = tf.reshape(tensor, dims)
    checked.set_shape(known)
    return checked


def broadcastable(weights: tf.Tensor, losses_shape: tf.Tensor, rule: str) -> tf.Tensor:
    """The output of ops that fail unless the weights fit losses of that shape, also under XLA.

    Weights fit if they are a scalar, or if they have the losses' rank and each of their dimensions
    is 1 or equals the losses' corresponding dimension. The ops don't copy the weights. XLA drops
    the assertion that raises an InvalidArgumentError with the shapes and the rule, but it keeps the
    reshape, which fails too.
    """
    shape = tf.shape(weights)
    with _on_host(shape):
        fit = _fit(shape, losses_shape)
        message = "weights cannot be broadcast to the losses: weights and losses have the shapes"
        assertion = _assertion(fit, message, shape, losses_shape, rule)
        dims = _or_invalid(fit, shape)
    with tf.control_dependencies([assertion]):
        checked = tf.reshape(weights, dims)
    checked.set_shape(weights.shape)
    return checked


def assert_true(condition: tf.Tensor, *data: Any) -> tf.Operation:
    """An op that raises InvalidArgumentError with this data unless the condition is true."""
    with _on_host(condition):
        return _assertion(condition, *data)


@contextlib.contextmanager
def _on_host(near: tf.Tensor) -> Iterator[None]:
    """Places ops on the CPU of the machine that `near` is on.

    GPUs have no kernels for strings, and an assertion reads the host's memory. XLA compiles
    everything for its own device.
    """
    if _tensorflow.tracing_for_xla():
        yield
        return
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
    rank = tf.minimum(tf.shape(shape), tf.shape(other))
    return tf.slice(shape, [0], rank), tf.slice(other, [0], rank)


def _or_invalid(valid: tf.Tensor, dims: tf.Tensor) -> tf.Tensor:
    """The dimensions if they are valid. Otherwise negative sizes, for which a reshape fails."""
    return tf.where(valid, dims, -2)


def _assertion(condition: tf.Tensor, *data: Any) -> tf.Operation:
    # Not tf.debugging.Assert, because it adds a conditional whose functions would keep the current
    # device.
    return tf.raw_ops.Assert(condition=condition, data=data)
