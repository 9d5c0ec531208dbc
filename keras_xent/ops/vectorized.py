"""How `tf.vectorized_map`, and so `tape.jacobian`, runs the loss for all iterations at once.

TensorFlow converts a mapped function node by node: a node whose inputs differ between the
iterations gets them stacked along a new first dimension. Here the nodes that are ours become the
unreduced op on the stacked logits and labels, and a reduction of each iteration in TensorFlow's
ops. All of that has its gradients, of any order, and can be mapped again.

In these functions each of `logits`, `labels`, `weights` and `grad` may be stacked or not; at least
one is.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

import tensorflow as tf

from keras_xent import _tensorflow
from keras_xent._tensorflow import Mapped
from keras_xent.ops import (
    class_axis,
    dispatch,
    evaluation,
    explicit,
    gradients,
    registered_gradients,
)
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.loss_op import LossOp
from keras_xent.ops.spec import Spec
from keras_xent.reduction import Reduction

# A number if it is known, or else a tensor.
Rank = Union[int, tf.Tensor]


def loss(
    op: LossOp,
    spec: Spec,
    length: tf.Tensor,
    logits: Mapped,
    labels: Mapped,
    weights: Mapped,
) -> tf.Tensor:
    """The weighted, reduced losses of all iterations."""
    dtype, real = logits.tensor.dtype, weights.tensor.dtype
    rank = _rank_of_losses(spec, logits)
    factors = _aligned(weights, rank)
    if logits.stacked or labels.stacked:
        axis = _stacked_axis(spec)
        x, y = _stacked(logits, length), _stacked(labels, length)
        if spec.reduction is Reduction.NONE:
            return _losses(op, spec, axis, x, y, factors)
        # TensorFlow's reductions sum 16-bit losses after they have been rounded; ours don't.
        x, y = tf.cast(x, real), op.real_labels(y, real)
        losses = _losses(op, spec, axis, x, y, tf.ones([], real))
    else:
        x, y = tf.cast(logits.tensor, real), op.real_labels(labels.tensor, real)
        losses = tf.expand_dims(_losses(op, spec, spec.axis, x, y, tf.ones([], real)), 0)
    weighted = losses * factors
    if spec.reduction is Reduction.NONE:
        return tf.cast(weighted, dtype)
    total = tf.reduce_sum(weighted, _all_but_first(rank), keepdims=True)
    divided = _divided(spec, total, factors, tf.shape(losses), rank)
    return tf.cast(tf.reshape(divided, [-1]), dtype)


def loss_with_backprop(
    op: LossOp,
    spec: Spec,
    length: tf.Tensor,
    logits: Mapped,
    labels: Mapped,
    weights: Mapped,
) -> Tuple[tf.Tensor, tf.Tensor]:
    """The same, and the derivatives of the values with respect to the logits."""
    dtype, real = logits.tensor.dtype, weights.tensor.dtype
    if not (logits.stacked or labels.stacked):
        one = Mapped(tf.ones([], dtype), False)
        return (
            loss(op, spec, length, logits, labels, weights),
            logits_gradient(op, spec, length, one, logits, labels, weights),
        )
    rank = _rank_of_losses(spec, logits)
    x, y = tf.cast(_stacked(logits, length), real), op.real_labels(_stacked(labels, length), real)
    axis = _stacked_axis(spec)
    one = tf.ones([], real)
    losses_shape = spec_lib.losses_shape(x, axis)
    coefficients = _coefficients(spec, one, weights, losses_shape, rank)
    unreduced = spec._replace(axis=axis, reduction=Reduction.NONE)
    values, backprop = evaluation.with_backprop_in_graph(op, unreduced, x, y, coefficients)
    if spec.reduction is not Reduction.NONE:
        values = tf.reduce_sum(values, _all_but_first(rank))
        denominator = _denominator(spec, _aligned(weights, rank), losses_shape, rank)
        if denominator is not None:
            # A division by zero gives zero, even of a NaN.
            zero = tf.reshape(tf.equal(denominator, 0), [-1])
            values = tf.where(zero, tf.zeros([], real), values)
    return tf.cast(values, dtype), tf.cast(backprop, dtype)


def logits_gradient(
    op: LossOp,
    spec: Spec,
    length: tf.Tensor,
    grad: Mapped,
    logits: Mapped,
    labels: Mapped,
    weights: Mapped,
) -> tf.Tensor:
    """The derivatives of the values with respect to the logits, times `grad`."""
    dtype, real = logits.tensor.dtype, weights.tensor.dtype
    rank = _rank_of_losses(spec, logits)
    upstream = _aligned(Mapped(tf.cast(grad.tensor, real), grad.stacked), rank)
    if not (logits.stacked or labels.stacked):
        # The softmax is the same for all iterations: it is computed once.
        x, y = tf.cast(logits.tensor, real), op.real_labels(labels.tensor, real)
        if weights.stacked:
            losses_shape = tf.concat([[1], spec_lib.losses_shape(x, spec.axis)], 0)
            coefficients = _coefficients(spec, upstream, weights, losses_shape, rank)
            each = _weighted_backprop(op, spec, spec.axis, x, y, tf.ones([], real))
        else:
            coefficients = upstream
            each = _gradient_of_one(op, spec, x, y, weights.tensor)
        return tf.cast(each * class_axis.beside_classes(coefficients, _stacked_axis(spec)), dtype)
    axis = _stacked_axis(spec)
    x, y = _stacked(logits, length), _stacked(labels, length)
    losses_shape = spec_lib.losses_shape(x, axis)
    coefficients = _coefficients(spec, upstream, weights, losses_shape, rank)
    return _weighted_backprop(op, spec, axis, x, y, coefficients)


def scale_backprop(spec: Spec, backprop: Mapped, grad: Mapped) -> tf.Tensor:
    """The backprop of all iterations, times `grad`."""
    real = spec_lib.real_dtype(backprop.tensor.dtype)
    rank = _rank_of_losses(spec, backprop)
    factors = _aligned(Mapped(tf.cast(grad.tensor, real), grad.stacked), rank)
    return class_axis.times(
        tf.cast(backprop.tensor, real), factors, _stacked_axis(spec), backprop.tensor.dtype
    )


def _losses(
    op: LossOp,
    spec: Spec,
    axis: Optional[int],
    logits: tf.Tensor,
    labels: tf.Tensor,
    weights: tf.Tensor,
) -> tf.Tensor:
    unreduced = spec._replace(axis=axis, reduction=Reduction.NONE)
    return evaluation.evaluate(op, unreduced, logits, labels, weights)


def _weighted_backprop(
    op: LossOp,
    spec: Spec,
    axis: Optional[int],
    logits: tf.Tensor,
    labels: tf.Tensor,
    coefficients: tf.Tensor,
) -> tf.Tensor:
    """The derivatives of the losses with respect to the logits, times a coefficient each."""
    summed = spec._replace(axis=axis, reduction=Reduction.SUM)
    one = tf.ones([], coefficients.dtype)
    return gradients.logits_gradient(op, summed, one, logits, labels, coefficients)


def _gradient_of_one(
    op: LossOp, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
) -> tf.Tensor:
    """The derivative of one iteration's value, or of the sum of its losses."""
    if spec.reduction is Reduction.NONE:
        spec = spec._replace(reduction=Reduction.SUM)
    one = tf.ones([], logits.dtype)
    return gradients.logits_gradient(op, spec, one, logits, labels, weights)


def _coefficients(
    spec: Spec,
    upstream: tf.Tensor,
    weights: Mapped,
    losses_shape: tf.Tensor,
    rank: Rank,
) -> tf.Tensor:
    """The derivatives of the values with respect to the losses, times `upstream`."""
    factors = _aligned(weights, rank)
    return _divided(spec, upstream, factors, losses_shape, rank) * factors


def _divided(
    spec: Spec,
    numerator: tf.Tensor,
    weights: tf.Tensor,
    losses_shape: tf.Tensor,
    rank: Rank,
) -> tf.Tensor:
    """The numerators of all iterations, each divided as its reduction says.

    Args:
        spec: has the reduction.
        numerator: of the stacked losses' rank, the first dimension 1 or the iterations.
        weights: the same.
        losses_shape: the stacked losses' shape.
        rank: of all these.
    """
    denominator = _denominator(spec, weights, losses_shape, rank)
    return numerator if denominator is None else tf.math.divide_no_nan(numerator, denominator)


def _denominator(
    spec: Spec, weights: tf.Tensor, losses_shape: tf.Tensor, rank: Rank
) -> Optional[tf.Tensor]:
    """What the iterations' sums are divided by, in a tensor of that rank or a scalar, or None."""
    if spec.reduction in (Reduction.NONE, Reduction.SUM):
        return None
    size = tf.reduce_prod(losses_shape[1:])
    if spec.reduction is Reduction.SUM_OVER_BATCH_SIZE:
        return tf.cast(size, weights.dtype)
    counted = weights
    if spec.reduction is Reduction.SUM_BY_NONZERO_WEIGHTS:
        counted = tf.cast(tf.not_equal(weights, 0), weights.dtype)
    total = tf.reduce_sum(counted, _all_but_first(rank), keepdims=True)
    # Each weight counts as often as it is broadcast.
    times = size // tf.maximum(tf.reduce_prod(tf.shape(weights)[1:]), 1)
    return total * tf.cast(times, weights.dtype)


def _stacked_axis(spec: Spec) -> Optional[int]:
    if spec.axis is None:
        return None
    return spec.axis + 1 if spec.axis >= 0 else spec.axis


def _stacked(mapped: Mapped, length: tf.Tensor) -> tf.Tensor:
    tensor = mapped.tensor
    if mapped.stacked:
        return tensor
    shape = tf.shape(tensor)
    return tf.broadcast_to(tensor, tf.concat([tf.cast(length, shape.dtype), shape], 0))


def _rank_of_losses(spec: Spec, logits: Mapped) -> Rank:
    """The rank of the stacked losses."""
    rank = logits.tensor.shape.rank
    if rank is None:
        rank = tf.rank(logits.tensor)
    stacked_rank = rank if logits.stacked else rank + 1
    return stacked_rank if spec.axis is None else stacked_rank - 1


def _aligned(mapped: Mapped, rank: Rank) -> tf.Tensor:
    """What is a scalar or of the losses' rank in each iteration, with `rank` dimensions.

    The first is that of the iterations, or 1.
    """
    tensor = mapped.tensor if mapped.stacked else tf.expand_dims(mapped.tensor, 0)
    if tensor.shape.rank is not None and isinstance(rank, int):
        missing = rank - tensor.shape.rank
        return tf.reshape(tensor, [-1] + [1] * missing) if missing else tensor
    shape = tf.shape(tensor)
    missing = rank - tf.size(shape)
    return tf.reshape(tensor, tf.concat([shape[:1], tf.ones([missing], tf.int32), shape[1:]], 0))


def _all_but_first(rank: Rank) -> Union[List[int], tf.Tensor]:
    return list(range(1, rank)) if isinstance(rank, int) else tf.range(1, rank)


# What is registered with TensorFlow.

_NATIVE_SCALE = "KerasXent>ScaleBackprop"


class _NativeOp(NamedTuple):
    """What a native op computes."""

    op: LossOp
    step: str


# By the native ops' names.
_native: Dict[str, _NativeOp] = {}


class _Kind(NamedTuple):
    """What computes the values that carry a gradient of ours, and of how many inputs."""

    op: LossOp
    compute: Callable[..., tf.Tensor]
    inputs: int


# By the gradients' names.
_kinds: Dict[str, _Kind] = {}


def register(op: LossOp) -> None:
    """Makes the conversion of an op's nodes known to TensorFlow."""
    for prefix in ("", "Unreduced"):
        name = f"KerasXent>{prefix}{op.name}"
        _native[name] = _NativeOp(op, "loss")
        _native[f"{name}WithBackprop"] = _NativeOp(op, "loss_with_backprop")
    _native[f"KerasXent>{op.name}Grad"] = _NativeOp(op, "weighted_backprop")
    _kinds[evaluation.gradient_name(op)] = _Kind(op, loss, 3)
    _kinds[gradients.gradient_name(op)] = _Kind(op, logits_gradient, 4)
    for name, native in _native.items():
        if native.op is op:
            _tensorflow.convert_for_vectorized_map(name, _convert_step, only=_is_step)


class _Step(NamedTuple):
    """A step, natively or as the device demands, and what it is computed from.

    Attributes:
        op: None for `scale_backprop`, which is the same for all.
    """

    op: Optional[LossOp]
    name: str
    spec: Spec
    tensors: Sequence[Any]


def _step_of(node: tf.Operation, inputs: Sequence[Any]) -> Optional[_Step]:
    """The step that a node runs, or None."""
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


def _convert_step(node: tf.Operation, inputs: List[Mapped], length: tf.Tensor) -> List[Mapped]:
    step = _step_of(node, inputs)
    assert step is not None
    spec, op = step.spec, step.op
    if step.name == "scale_backprop":
        return [Mapped(scale_backprop(spec, *step.tensors), True)]
    assert op is not None
    logits, labels, weights = step.tensors
    one = Mapped(tf.ones([], logits.tensor.dtype), False)
    if step.name == "weighted_backprop":
        gradient = logits_gradient(op, spec.unreduced(), length, one, logits, labels, weights)
        return [Mapped(gradient, True)]
    if step.name == "loss":
        return [Mapped(loss(op, spec, length, logits, labels, weights), True)]
    both = loss_with_backprop(op, spec, length, logits, labels, weights)
    return [Mapped(output, True) for output in both]


def _is_explicit(node: tf.Operation) -> bool:
    return explicit.kind_of(node) in _kinds


def _convert_explicit(
    node: tf.Operation, inputs: List[Mapped], length: tf.Tensor
) -> List[Mapped]:
    """The gradient of the node is that of a single iteration, so it has to be another value.

    The steps have become values with gradients already. The portable backend's ops have not: the
    value is computed anew, and what they compute is pruned, as nothing else uses it.
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
    """Whether what `_convert_step` makes of the node has its gradients to all inputs."""
    while node.type == "Identity":
        node = node.inputs[0].op
    step = _step_of(node, list(node.inputs))
    # A backprop may come from outside of the mapped function, as a mere number.
    return step is not None and step.name != "scale_backprop"


def _convert_device_index(
    node: tf.Operation, inputs: List[Mapped], length: tf.Tensor
) -> List[Mapped]:
    names = node.get_attr("device_names")
    index = tf.raw_ops.DeviceIndex(device_names=names)
    _tensorflow.set_device(index.op, node.device)
    return [Mapped(index, False)]


for _type in ("Case", "StatelessCase", _NATIVE_SCALE):
    _tensorflow.convert_for_vectorized_map(_type, _convert_step, only=_is_step)
_tensorflow.convert_for_vectorized_map("IdentityN", _convert_explicit, only=_is_explicit)
# TensorFlow takes it for stateful, and has no converter.
_tensorflow.convert_for_vectorized_map("DeviceIndex", _convert_device_index)
