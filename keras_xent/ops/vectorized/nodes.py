"""Registers with TensorFlow how to convert our nodes for `tf.vectorized_map`."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Sequence

import tensorflow as tf

from keras_xent import _tensorflow
from keras_xent._tensorflow import Mapped
from keras_xent.ops import dispatch, evaluation, explicit, gradients, registered_gradients
from keras_xent.ops.loss_op import LossOp
from keras_xent.ops.spec import Spec
from keras_xent.ops.vectorized import steps

_NATIVE_SCALE = "KerasXent>ScaleBackprop"


class _NativeOp(NamedTuple):
    """The step that a native op computes."""

    op: LossOp
    step: str


# The keys are the native ops' names.
_native: dict[str, _NativeOp] = {}


class _Kind(NamedTuple):
    """How to compute values that have one of our gradients, and from how many inputs."""

    op: LossOp
    compute: Callable[..., tf.Tensor]
    inputs: int


# The keys are the gradients' names.
_kinds: dict[str, _Kind] = {}


def register(op: LossOp) -> None:
    """Registers with TensorFlow how to convert an op's nodes."""
    for prefix in ("", "Unreduced"):
        name = f"KerasXent>{prefix}{op.name}"
        _native[name] = _NativeOp(op, "loss")
        _native[f"{name}WithBackprop"] = _NativeOp(op, "loss_with_backprop")
    _native[f"KerasXent>{op.name}Grad"] = _NativeOp(op, "weighted_backprop")
    _kinds[evaluation.gradient_name(op)] = _Kind(op, steps.loss, 3)
    _kinds[gradients.gradient_name(op)] = _Kind(op, steps.logits_gradient, 4)
    for name, native in _native.items():
        if native.op is op:
            _tensorflow.convert_for_vectorized_map(name, _convert_step, only=_is_step)


class _Step(NamedTuple):
    """A step and its arguments.

    Attributes:
        op: None for `scale_backprop`, which is the same for all loss ops.
    """

    op: LossOp | None
    name: str
    spec: Spec
    tensors: Sequence[Any]


def _step_of(node: tf.Operation, inputs: Sequence[Any]) -> _Step | None:
    """The step that a node computes, or None."""
    if node.type in ("Case", "StatelessCase"):
        step = dispatch.step_of(node, inputs)
        return None if step is None else _Step(*step)
    if node.type == _NATIVE_SCALE:
        return _Step(None, "scale_backprop", registered_gradients.scaling_spec_of(node), inputs)
    native = _native.get(node.type)
    if native is None:
        return None
    spec = registered_gradients.spec_of(native.op, node)
    return _Step(native.op, native.step, spec, inputs[:3])


def _is_step(node: tf.Operation) -> bool:
    return _step_of(node, list(node.inputs)) is not None


def _convert_step(node: tf.Operation, inputs: list[Mapped], length: tf.Tensor) -> list[Mapped]:
    step = _step_of(node, inputs)
    assert step is not None
    spec, op = step.spec, step.op
    if step.name == "scale_backprop":
        return [Mapped(steps.scale_backprop(spec, *step.tensors), True)]
    assert op is not None
    logits, labels, weights = step.tensors
    one = Mapped(tf.ones([], logits.tensor.dtype), False)
    if step.name == "weighted_backprop":
        gradient = steps.logits_gradient(op, spec.unreduced(), length, one, logits, labels, weights)
        return [Mapped(gradient, True)]
    if step.name == "loss":
        return [Mapped(steps.loss(op, spec, length, logits, labels, weights), True)]
    both = steps.loss_with_backprop(op, spec, length, logits, labels, weights)
    return [Mapped(output, True) for output in both]


def _is_explicit(node: tf.Operation) -> bool:
    return explicit.kind_of(node) in _kinds


def _convert_explicit(
    node: tf.Operation, inputs: list[Mapped], length: tf.Tensor
) -> list[Mapped]:
    """Converts a node with an explicit gradient. This gradient is valid only for one iteration.

    A converted step already has the right gradient. The portable backend's ops don't, so the value
    is computed again. TensorFlow then prunes the first computation, because nothing uses it.
    """
    value, *tensors = inputs
    if not (value.stacked and _has_gradient(node.inputs[0].op)):
        name = explicit.kind_of(node)
        assert name is not None
        kind = _kinds[name]
        spec = explicit.spec_of(node)
        value = Mapped(kind.compute(kind.op, spec, length, *tensors[: kind.inputs]), True)
    return [value, *tensors]


def _has_gradient(node: tf.Operation) -> bool:
    """Whether `_convert_step` returns a value that has gradients for all inputs of this node."""
    while node.type == "Identity":
        node = node.inputs[0].op
    step = _step_of(node, list(node.inputs))
    # The backprop may come from outside the mapped function, without its gradient.
    return step is not None and step.name != "scale_backprop"


def _convert_device_index(
    node: tf.Operation, inputs: list[Mapped], length: tf.Tensor
) -> list[Mapped]:
    names = node.get_attr("device_names")
    index = tf.raw_ops.DeviceIndex(device_names=names)
    _tensorflow.set_device(index.op, node.device)
    return [Mapped(index, False)]


for _type in ("Case", "StatelessCase", _NATIVE_SCALE):
    _tensorflow.convert_for_vectorized_map(_type, _convert_step, only=_is_step)
_tensorflow.convert_for_vectorized_map("IdentityN", _convert_explicit, only=_is_explicit)
# TensorFlow considers this op stateful and has no converter for it.
_tensorflow.convert_for_vectorized_map("DeviceIndex", _convert_device_index)
