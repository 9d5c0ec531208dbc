"""A value with a gradient of our own, for everything that can ask for one."""

from __future__ import annotations

from typing import Any, Callable, List, NamedTuple, Sequence, Tuple

import tensorflow as tf

from keras_xent import _tensorflow
from keras_xent.ops.spec import Spec

# From the spec, the upstream gradient, the inputs, and what the value's computation kept for the
# gradient, to the gradients of the inputs.
Backward = Callable[[Spec, tf.Tensor, List[tf.Tensor], List[tf.Tensor]], Sequence[Any]]
# From the inputs to the value and what to keep.
Forward = Callable[..., Tuple[tf.Tensor, List[tf.Tensor]]]

_SPEC = "_keras_xent_spec"


class Gradient(NamedTuple):
    """The gradient of a kind of values.

    Attributes:
        name: under which TensorFlow finds it in a TF1 graph.
        inputs: how many inputs such a value is computed from.
        backward: computes the gradients of these.
    """

    name: str
    inputs: int
    backward: Backward


def registered(name: str, inputs: int, backward: Backward) -> Gradient:
    """A gradient that a TF1 graph names, so that a process that imports the graph finds it.

    The process has to import keras_xent, which registers the same name.
    """

    @tf.RegisterGradient(name)
    def from_node(node: Any, *upstream: tf.Tensor) -> Sequence[Any]:
        if node is None:
            return [_unsaved(each) for each in upstream]
        spec = Spec.from_json(node.get_attr(_SPEC).decode())
        _, *tensors = node.inputs
        kept = tensors[inputs:]
        found = backward(spec, upstream[0], tensors[:inputs], kept)
        return [None, *found, *[None] * len(kept)]

    return Gradient(name, inputs, backward)


def in_graph(
    gradient: Gradient, spec: Spec, forward: Forward, inputs: List[tf.Tensor]
) -> tf.Tensor:
    """The value that `forward(*inputs)` computes in a graph, with that gradient.

    Tapes and forward accumulators that watch now are told of it directly. Whoever walks the
    graph later (`tf.gradients`, a tape outside a traced function) finds it on a node.
    """
    kept: List[tf.Tensor] = []

    def backward(upstream: tf.Tensor) -> Sequence[Any]:
        return gradient.backward(spec, upstream, inputs, kept)

    with _tensorflow.stop_recording():
        if tf.compat.v1.executing_eagerly_outside_functions():
            value = _with_own_gradient(forward, inputs, kept, backward)
        else:
            value = _with_named_gradient(gradient.name, spec, forward, inputs, kept)
    # Of the node alone, accumulators make a derivative of 0.
    _tensorflow.record_operation(gradient.name, [value], inputs, backward)
    return value


def _with_own_gradient(
    forward: Forward,
    inputs: List[tf.Tensor],
    kept: List[tf.Tensor],
    backward: Callable[[tf.Tensor], Sequence[Any]],
) -> tf.Tensor:
    """In TF2, where `tf.saved_model.save` writes each value's own gradient beside it."""

    @tf.custom_gradient
    def with_gradient(*inputs: tf.Tensor) -> Any:
        value, tensors = forward(*inputs)
        kept.extend(tensors)
        return value, backward

    return with_gradient(*inputs)


def _with_named_gradient(
    name: str, spec: Spec, forward: Forward, inputs: List[tf.Tensor], kept: List[tf.Tensor]
) -> tf.Tensor:
    """In TF1, where a graph is written without its gradients and read by their names.

    `tf.custom_gradient` names them by counting, and its names mean nothing to another process,
    or something else.
    """
    value, tensors = forward(*inputs)
    kept.extend(tensors)
    graph = tf.compat.v1.get_default_graph()
    with graph.gradient_override_map({"IdentityN": name}):
        outputs = tf.identity_n([value, *inputs, *kept])
    _tensorflow.set_attribute(outputs[0].op, _SPEC, spec.to_json())
    return outputs[0]


def _unsaved(upstream: tf.Tensor) -> tf.Tensor:
    """What stands for a gradient that `tf.saved_model.save` wants to write, and can't.

    It asks for the gradient of a name, not of a node: of a TF1 graph that was loaded in TF2.
    """
    message = (
        "this SavedModel was written in TF2 from a TF1 graph, without the gradient of keras_xent's "
        "loss: compute gradients in the program that loads the TF1 graph"
    )
    with tf.control_dependencies([tf.raw_ops.Assert(condition=False, data=[message])]):
        # XLA leaves assertions out.
        return upstream * float("nan")
