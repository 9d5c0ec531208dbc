"""Runs a step by the native ops or by the portable ones, as the place demands."""

from __future__ import annotations

from typing import Any, Callable

import tensorflow as tf

from keras_xent import _tensorflow
from keras_xent.ops import backends, native, portable, xla
from keras_xent.ops.spec import Spec


def run(step: str, spec: Spec, *tensors: tf.Tensor) -> Any:
    """Runs `native.step`, `portable.step`, or, in a graph for XLA, `xla.step`.

    Eagerly the first tensor's device decides. In a graph it isn't known yet where the
    graph will run, nor whether XLA will compile it: a `tf.function` that was traced
    outside XLA is not traced again when a `jit_compile=True` function calls it. So both
    are put into the graph, and TensorFlow keeps the one that fits when it places or
    compiles it.

    No gradient tape sees the step: its caller gives it an explicit gradient.
    """
    with _tensorflow.stop_recording():
        return _run(step, spec, *tensors)


def _run(step: str, spec: Spec, *tensors: tf.Tensor) -> Any:
    if not backends.use_native():
        return getattr(_portable(), step)(spec, *tensors)
    if backends.requested() == "native":
        return getattr(native, step)(spec, *tensors)
    if tf.executing_eagerly():
        implementation = native if ":CPU:" in tensors[0].device else portable
        return getattr(implementation, step)(spec, *tensors)
    if _tensorflow.tracing_for_xla():
        return getattr(xla, step)(spec, *tensors)
    return _by_device(
        lambda: getattr(native, step)(spec, *tensors),
        lambda: getattr(portable, step)(spec, *tensors),
    )


def _portable() -> Any:
    return xla if _tensorflow.tracing_for_xla() else portable


def _by_device(on_cpu: Callable[[], Any], elsewhere: Callable[[], Any]) -> Any:
    """Both in a graph, of which the one runs that fits the device of the place.

    Functions keep the devices of the scopes in which they were built, and nothing that clears
    or replaces the devices of a graph reaches into them. So the native ops stand on the CPU that
    every machine has, as they have no other kernel, and all else of the functions stands nowhere:
    TensorFlow places it where it places the conditional. That one keeps the scope's device.
    """

    def native_branch() -> Any:
        with tf.device("/device:CPU:0"):
            return on_cpu()

    index = tf.raw_ops.DeviceIndex(device_names=["CPU"])
    # Gradients are colocated with what they are of, which would place them too.
    with tf.compat.v1.get_default_graph().colocate_with(None, ignore_existing=True):
        outputs = tf.switch_case(index, {0: native_branch}, default=elsewhere)
    for output in tf.nest.flatten(outputs):
        _tensorflow.set_device(output.op, index.device)
        _tensorflow.set_device(output.op.inputs[0].op, index.device)
    return outputs
