"""Runs a step by the native ops or by the portable ones, as the place demands."""

from __future__ import annotations

import json
from typing import Any, Callable, NamedTuple, Optional, Sequence

import tensorflow as tf

from keras_xent import _tensorflow
from keras_xent.ops import backends, native, portable, xla
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.spec import Spec

_STEP = "_keras_xent_step"


class Step(NamedTuple):
    """One of the functions that native.py, portable.py and xla.py have, and its arguments."""

    name: str
    spec: Spec
    tensors: Sequence[Any]


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
    if step == "loss_with_kept" and not spec_lib.keeps_backprop(tensors[0].dtype):
        return _loss_and_what_both_keep(spec, *tensors)
    outputs = _by_device(
        lambda: getattr(native, step)(spec, *tensors),
        lambda: getattr(portable, step)(spec, *tensors),
    )
    _tell(_conditional(outputs), Step(step, spec, tensors))
    return outputs


def _loss_and_what_both_keep(spec: Spec, *tensors: tf.Tensor) -> Any:
    """`loss_with_kept` where the native step keeps nothing and the portable one something.

    The results of a conditional are the same in number and shape, whichever runs.
    """
    if backends.only_cpus():
        return _run("loss", spec, *tensors), None
    return portable.loss_with_kept(spec, *tensors)


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
    _tensorflow.set_device(_conditional(outputs), index.device)
    return outputs


def _conditional(outputs: Any) -> tf.Operation:
    return tf.nest.flatten(outputs)[0].op.inputs[0].op


def _tell(conditional: tf.Operation, step: Step) -> None:
    """Leaves word on the node of what it computes."""
    positions = {tensor.ref(): i for i, tensor in enumerate(conditional.inputs)}
    found = [positions.get(tensor.ref()) for tensor in step.tensors]
    if None not in found:
        text = json.dumps([step.name, step.spec.to_json(), found])
        _tensorflow.set_attribute(conditional, _STEP, text)


def step_of(conditional: tf.Operation, inputs: Sequence[Any]) -> Optional[Step]:
    """The step that `run` put into a graph as a conditional, or None.

    Args:
        conditional: the node.
        inputs: its inputs, or what stands for them.
    """
    text = _tensorflow.attribute(conditional, _STEP)
    if text is None:
        return None
    name, spec, positions = json.loads(text)
    return Step(name, Spec.from_json(spec), [inputs[i] for i in positions])
