"""Attaches an explicit gradient to a value in a graph, for all the ways to differentiate it."""

from __future__ import annotations

import contextvars
import itertools
from typing import Any, Callable, List, NamedTuple, Sequence, Tuple

import tensorflow as tf

from keras_xent import _tensorflow
from keras_xent._autograph import do_not_convert
from keras_xent.ops.spec import Spec

# The parameters are the spec, the upstream gradient, the inputs, the tensors that the forward pass
# kept, and which gradients are wanted. The results are the gradients of the inputs.
Backward = Callable[
    [Spec, tf.Tensor, List[tf.Tensor], List[tf.Tensor], List[bool]], Sequence[Any]
]
# The parameters are the inputs. The results are the value and the tensors to keep.
Forward = Callable[..., Tuple[tf.Tensor, List[tf.Tensor]]]
# A gradient function that doesn't need the node.
Saved = Callable[[tf.Tensor], Sequence[Any]]

_SPEC = "_keras_xent_spec"
_KIND = "_keras_xent_gradient"
_numbers = itertools.count()
_saving: contextvars.ContextVar[bool] = contextvars.ContextVar("saving", default=False)


class Gradient(NamedTuple):
    """The gradient of one kind of value.

    Attributes:
        name: its name in nodes.
        inputs: the number of inputs from which the value is computed.
        backward: computes the gradients with respect to these inputs.
    """

    name: str
    inputs: int
    backward: Backward


def registered(name: str, inputs: int, backward: Backward) -> Gradient:
    """A gradient that TensorFlow finds by its name in every process that imports keras_xent."""
    gradient = Gradient(name, inputs, backward)
    _register(name, gradient, None)
    return gradient


def in_graph(
    gradient: Gradient, spec: Spec, forward: Forward, inputs: list[tf.Tensor]
) -> tf.Tensor:
    """The value that `forward(*inputs)` computes in a graph, with that gradient.

    Active tapes and forward accumulators record it directly. Code that traverses the graph later
    (`tf.gradients`, a tape outside a traced function) finds it in a node.
    """
    watched = [_tensorflow.should_record_backprop([tensor]) for tensor in inputs]
    every = [True] * len(inputs)
    # Forward accumulators call `recorded` immediately, and any input may have a tangent. Tapes
    # call it later.
    asked = every
    with _tensorflow.stop_recording():
        value, kept = forward(*inputs)

        def backward(upstream: tf.Tensor) -> Sequence[Any]:
            return gradient.backward(spec, upstream, inputs, kept, every)

        def recorded(upstream: tf.Tensor) -> Sequence[Any]:
            return gradient.backward(spec, upstream, inputs, kept, asked)

        if _saving.get():
            value = tf.raw_ops.PreventGradient(input=value, message=_NO_SECOND)
        else:
            value = _node(gradient, spec, value, inputs, kept, backward)
    # Without this, accumulators would get a derivative of 0 from the node.
    _tensorflow.record_operation(gradient.name, [value], inputs, recorded)
    asked = watched
    return value


def _node(
    gradient: Gradient,
    spec: Spec,
    value: tf.Tensor,
    inputs: list[tf.Tensor],
    kept: list[tf.Tensor],
    backward: Saved,
) -> tf.Tensor:
    """The value as the output of a node whose inputs include everything that the gradient needs.

    In TF1, a saved graph contains the names of its gradients, and the process that loads the graph
    must have registered them. In TF2, `tf.saved_model.save` also saves the gradients, one for each
    name, so every value needs a unique name. (`tf.custom_gradient` numbers its names in both. In a
    process that loads a TF1 graph, such a name is unknown or belongs to another gradient.)
    """
    name = gradient.name
    if tf.compat.v1.executing_eagerly_outside_functions():
        name = f"{name}-{next(_numbers)}"
        _register(name, gradient, backward)
    graph = tf.compat.v1.get_default_graph()
    with graph.gradient_override_map({"IdentityN": name}):
        value, *_ = tf.identity_n([value, *inputs, *kept])
    _tensorflow.set_attribute(value.op, _SPEC, spec.to_json())
    _tensorflow.set_attribute(value.op, _KIND, gradient.name)
    return value


def kind_of(node: tf.Operation) -> str | None:
    """The name of the gradient that `in_graph` attached to the node, or None."""
    return _tensorflow.attribute(node, _KIND)


def spec_of(node: tf.Operation) -> Spec:
    """The spec of a node that has such a gradient."""
    return Spec.from_json(node.get_attr(_SPEC).decode())


def _register(name: str, gradient: Gradient, saved: Saved | None) -> None:
    # `tf.saved_model.save` would let AutoGraph convert all that the gradient calls: for seconds.
    @tf.RegisterGradient(name)
    @do_not_convert
    def of_node(node: Any, *upstream: tf.Tensor) -> Sequence[Any]:
        if node is None:
            return _to_save(saved, upstream)
        spec = spec_of(node)
        _, *tensors = node.inputs
        inputs, kept = tensors[: gradient.inputs], tensors[gradient.inputs :]
        wanted = [True] * len(inputs)
        found = gradient.backward(spec, upstream[0], inputs, kept, wanted)
        return [None, *found, *[None] * len(kept)]


def _to_save(saved: Saved | None, upstream: Sequence[tf.Tensor]) -> Sequence[Any]:
    """The gradient for `tf.saved_model.save`, which looks it up by name and passes no node."""
    if saved is None:
        return [_unknown(each) for each in upstream]
    # The values in this gradient have gradients too, which TensorFlow doesn't save. If their nodes
    # had gradient names, loading the model would show a warning.
    token = _saving.set(True)
    try:
        found = saved(upstream[0])
    finally:
        _saving.reset(token)
    return [None, *found, *[None] * (len(upstream) - 1 - len(found))]


def _unknown(upstream: tf.Tensor) -> tf.Tensor:
    """Replaces the gradient if a TF1 graph is loaded in TF2 and saved again."""
    with tf.control_dependencies([tf.raw_ops.Assert(condition=False, data=[_NO_FIRST])]):
        # The result is NaN, because XLA drops the assertion.
        return upstream * float("nan")


_NO_FIRST = (
    "this SavedModel was saved in TF2 from a TF1 graph, and doesn't contain the gradient of "
    "keras_xent's loss: compute gradients in the program that loads the TF1 graph"
)
_NO_SECOND = (
    "a SavedModel contains the first derivative of keras_xent's loss, but not the second: compute "
    "the second derivative in the program that saves the model"
)
