"""Runs each step on the native or the portable backend, depending on the device and on XLA."""

from __future__ import annotations

import functools
import json
from typing import Any, Callable, NamedTuple, Sequence

import tensorflow as tf

from keras_xent import _tensorflow
from keras_xent.ops import backends, loss_op
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.ignoring import Ignoring
from keras_xent.ops.loss_op import LossOp
from keras_xent.ops.native import Native
from keras_xent.ops.portable import Portable
from keras_xent.ops.spec import Spec
from keras_xent.ops.steps import Steps
from keras_xent.ops.xla import Xla

_STEP = "_keras_xent_step"


class Step(NamedTuple):
    """A step of a loss op: its name in `Steps` and its arguments."""

    op: LossOp
    name: str
    spec: Spec
    tensors: Sequence[Any]


class Dispatched(Steps):
    """The steps of a loss op, on the backend that fits the device.

    In eager mode, the first tensor's device decides. While a graph is built, the device is
    unknown, and so is whether XLA will compile the graph: a `tf.function` that was traced outside
    XLA isn't traced again when a `jit_compile=True` function calls it. So the graph contains both
    backends, and TensorFlow chooses one when it places or compiles the graph.

    Gradient tapes don't record the steps. The caller provides the gradient.
    """

    def __init__(self, op: LossOp) -> None:
        self._op = op
        self.native = Ignoring(op, Native(op))
        self.portable = Ignoring(op, Portable(op))
        self.xla = Ignoring(op, Xla(op), looks_first=False)

    def loss(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
    ) -> tf.Tensor:
        tensors = (logits, labels, weights)
        return self._run("loss", lambda steps: steps.loss(spec, *tensors), spec, tensors)

    def loss_with_kept(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        tensors = (logits, labels, weights)
        if not spec_lib.keeps_backprop(logits.dtype) and self._is_conditional():
            # Both branches of a conditional must return the same number of results. Here the
            # native step keeps nothing, but the portable one does.
            if backends.only_cpus():
                return self.loss(spec, *tensors), None
            with _tensorflow.stop_recording():
                return self.portable.loss_with_kept(spec, *tensors)
        found: tuple[tf.Tensor, tf.Tensor | None] = self._run(
            "loss_with_kept", lambda steps: steps.loss_with_kept(spec, *tensors), spec, tensors
        )
        return found

    def weighted_backprop(
        self, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, coefficients: tf.Tensor
    ) -> tf.Tensor:
        tensors = (logits, labels, coefficients)
        return self._run(
            "weighted_backprop",
            lambda steps: steps.weighted_backprop(spec, *tensors),
            spec,
            tensors,
        )

    def scale_backprop(self, spec: Spec, backprop: tf.Tensor, grad: tf.Tensor) -> tf.Tensor:
        tensors = (backprop, grad)
        return self._run(
            "scale_backprop", lambda steps: steps.scale_backprop(spec, *tensors), spec, tensors
        )

    def _run(
        self,
        name: str,
        step: Callable[[Steps], Any],
        spec: Spec,
        tensors: Sequence[tf.Tensor],
    ) -> Any:
        with _tensorflow.stop_recording():
            if not self._is_conditional():
                return step(self._chosen(tensors[0]))
            outputs = _by_device(lambda: step(self.native), lambda: step(self.portable))
            _annotate(_conditional(outputs), Step(self._op, name, spec, tensors))
            return outputs

    def _is_conditional(self) -> bool:
        """Whether the graph must choose the backend when it runs."""
        return (
            not tf.executing_eagerly()
            and backends.use_native()
            and backends.requested() != "native"
            and not _tensorflow.tracing_for_xla()
        )

    def _chosen(self, tensor: tf.Tensor) -> Steps:
        """The backend for the tensor's device."""
        if backends.use_native():
            if backends.requested() == "native":
                return self.native
            if tf.executing_eagerly():
                return self.native if ":CPU:" in tensor.device else self.portable
        return self.xla if _tensorflow.tracing_for_xla() else self.portable


@functools.lru_cache(maxsize=None)
def steps(op: LossOp) -> Dispatched:
    """The steps of a loss op, for every device."""
    return Dispatched(op)


def _by_device(on_cpu: Callable[[], Any], elsewhere: Callable[[], Any]) -> Any:
    """Adds both branches to a graph. The branch that fits the device runs.

    A function keeps the device of the scope in which it was built, even if the graph's devices are
    cleared or replaced later. So the native ops, which have only CPU kernels, are placed on
    "CPU:0", which every machine has. All other ops in the functions have no device. TensorFlow
    places them on the device of the conditional, which keeps the scope's device.
    """

    def native_branch() -> Any:
        with tf.device("/device:CPU:0"):
            return on_cpu()

    index = tf.raw_ops.DeviceIndex(device_names=["CPU"])
    # Otherwise, the ops of a gradient are placed on the device of the op that is differentiated.
    with tf.compat.v1.get_default_graph().colocate_with(None, ignore_existing=True):
        outputs = tf.switch_case(index, {0: native_branch}, default=elsewhere)
    for output in tf.nest.flatten(outputs):
        _tensorflow.set_device(output.op, index.device)
    _tensorflow.set_device(_conditional(outputs), index.device)
    return outputs


def _conditional(outputs: Any) -> tf.Operation:
    return tf.nest.flatten(outputs)[0].op.inputs[0].op


def _annotate(conditional: tf.Operation, step: Step) -> None:
    """Stores in the node which step it computes."""
    positions = {tensor.ref(): i for i, tensor in enumerate(conditional.inputs)}
    found = [positions.get(tensor.ref()) for tensor in step.tensors]
    if None not in found:
        text = json.dumps([step.op.name, step.name, step.spec.to_json(), found])
        _tensorflow.set_attribute(conditional, _STEP, text)


def step_of(conditional: tf.Operation, inputs: Sequence[Any]) -> Step | None:
    """The step that a conditional in a graph computes, or None.

    Args:
        conditional: the node.
        inputs: its inputs, or their replacements.
    """
    text = _tensorflow.attribute(conditional, _STEP)
    if text is None:
        return None
    op, name, spec, positions = json.loads(text)
    tensors = [inputs[i] for i in positions]
    return Step(loss_op.named(op), name, Spec.from_json(spec), tensors)
