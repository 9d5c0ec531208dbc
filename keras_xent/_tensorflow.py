"""All private symbols of TensorFlow that this package uses.

tests/test_tensorflow.py lists them, and what breaks without them.
"""

from __future__ import annotations

import contextlib
from typing import (
    Any,
    Callable,
    ContextManager,
    Iterator,
    List,
    NamedTuple,
    Sequence,
)

import tensorflow as tf
from tensorflow.python.ops import control_flow_ops
from tensorflow.python.ops.parallel_for.pfor import _pfor_converter_registry, wrap

try:
    from tensorflow.python.eager import record as _record
except ImportError:  # TF 2.12
    from tensorflow.python.eager import tape as _record


def should_record_backprop(tensors: Sequence[tf.Tensor]) -> bool:
    """Whether a gradient tape is watching any of the tensors now."""
    return _record.should_record_backprop(tensors)


def could_record() -> bool:
    """Whether any gradient tape or forward accumulator is active now."""
    return _record.could_possibly_record()


def stop_recording() -> ContextManager[None]:
    """A context in which gradient tapes and forward accumulators don't record ops."""
    return _record.stop_recording()


def record_operation(
    name: str,
    outputs: Sequence[tf.Tensor],
    inputs: Sequence[tf.Tensor],
    backward: Callable[..., Any],
) -> None:
    """Records on the gradient tapes that `outputs` depend on `inputs`, with this gradient.

    `tf.custom_gradient` does the same with public symbols, but takes ten times as long.
    """
    _record.record_operation(name, outputs, inputs, backward)


def record_gradient(
    name: str,
    outputs: Sequence[tf.Tensor],
    inputs: Sequence[tf.Tensor],
    backward: Callable[..., Any],
) -> None:
    """Like `record_operation`, but only for gradient tapes."""
    _record.record_operation_backprop_only(name, outputs, inputs, backward)


def record_tangent(
    name: str,
    outputs: Sequence[tf.Tensor],
    inputs: Sequence[tf.Tensor],
    backward: Callable[..., Any],
) -> None:
    """Like `record_operation`, but only for forward accumulators."""
    _record.record_operation_forwardprop_only(name, outputs, inputs, backward, None)


def tracing_for_xla() -> bool:
    """Whether the graph that is being built is known to be compiled by XLA."""
    return control_flow_ops.get_enclosing_xla_context() is not None


def set_attribute(op: tf.Operation, name: str, value: str) -> None:
    """Sets an attribute of a node. Saved graphs and functions keep it.

    TensorFlow itself ignores attributes whose names begin with an underscore.
    """
    op._set_attr(name, tf.compat.v1.AttrValue(s=value.encode()))


def set_device(op: tf.Operation, device: str) -> None:
    """Sets the device of an existing node."""
    op._set_device(device)


class Mapped(NamedTuple):
    """A tensor of a mapped function, for all iterations.

    Attributes:
        tensor: the values of all iterations, or the one value that they share.
        stacked: whether the values are stacked along a new first dimension.
    """

    tensor: tf.Tensor
    stacked: bool


# The parameters are a node of a mapped function, its inputs for all iterations, and the number of
# iterations (a vector of one element). The results are its outputs for all iterations.
Converter = Callable[[tf.Operation, List[Mapped], tf.Tensor], List[Mapped]]


def convert_for_vectorized_map(
    op_type: str,
    convert: Converter,
    only: Callable[[tf.Operation], bool] = lambda node: True,
) -> None:
    """Registers the conversion of a type of nodes for `tf.vectorized_map` and `tape.jacobian`.

    Nodes for which `only` returns False keep their previous conversion.
    """
    before = _pfor_converter_registry.get(op_type)

    def converter(pfor_input: Any) -> Any:
        if not only(pfor_input.op):
            if before is None:
                raise ValueError(
                    f"tf.vectorized_map and tape.jacobian can't convert the op {op_type}: use "
                    "tf.map_fn, or tape.jacobian(..., experimental_use_pfor=False)"
                )
            return before(pfor_input)
        inputs = [Mapped(each.t, each.is_stacked) for each in pfor_input.inputs]
        outputs = convert(pfor_input.op, inputs, pfor_input.pfor.loop_len_vector)
        return [wrap(output.tensor, output.stacked) for output in outputs]

    _pfor_converter_registry[op_type] = converter


def attribute(op: tf.Operation, name: str) -> str | None:
    """The attribute that `set_attribute` stored in the node, or None."""
    value = op.node_def.attr.get(name)
    return None if value is None else value.s.decode()


def set_last_loss_reduction(name: str) -> None:
    """Stores the reduction of the last loss for TF1's optimizers.

    Inside an Estimator, `tf.compat.v1.train.Optimizer` divides by the number of replicas
    unless this is SUM.
    """
    tf.compat.v1.get_default_graph()._last_loss_reduction = name


@contextlib.contextmanager
def last_loss_reduction_kept() -> Iterator[None]:
    """A context in which losses don't change the reduction that TF1's optimizers read."""
    graph = tf.compat.v1.get_default_graph()
    # A graph has no such attribute before its first loss.
    reduction = getattr(graph, "_last_loss_reduction", None)
    try:
        yield
    finally:
        graph._last_loss_reduction = reduction
