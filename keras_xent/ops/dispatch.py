"""Runs a step by the native ops or by the portable ones, as the place demands."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_xent import _tensorflow
from keras_xent.ops import backends, native, portable
from keras_xent.ops.spec import Spec


def run(step: str, spec: Spec, *tensors: tf.Tensor) -> Any:
    """Runs `native.step` or `portable.step`.

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
        return getattr(portable, step)(spec, *tensors)
    if backends.requested() == "native":
        return getattr(native, step)(spec, *tensors)
    if tf.executing_eagerly():
        implementation = native if ":CPU:" in tensors[0].device else portable
        return getattr(implementation, step)(spec, *tensors)
    if _tensorflow.tracing_for_xla():
        return getattr(portable, step)(spec, *tensors)
    return tf.switch_case(
        tf.raw_ops.DeviceIndex(device_names=["CPU"]),
        {0: lambda: getattr(native, step)(spec, *tensors)},
        default=lambda: getattr(portable, step)(spec, *tensors),
    )
