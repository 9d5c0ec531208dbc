"""How `tf.vectorized_map`, and so `tape.jacobian`, runs the loss for all iterations at once.

TensorFlow converts a mapped function node by node: a node whose inputs differ between the
iterations gets them stacked along a new first dimension. Here the nodes that are ours become the
unreduced op on the stacked logits and labels, and a reduction of each iteration in TensorFlow's
ops. All of that has its gradients, of any order, and can be mapped again.

In these functions each of `logits`, `labels`, `weights` and `grad` may be stacked or not; at least
one is.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

import tensorflow as tf

from keras_xent import _tensorflow
from keras_xent._tensorflow import Mapped
from keras_xent.ops import cross_entropy, dispatch, explicit, gradients, registered_gradients
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.dispatch import Step
from keras_xent.ops.spec import Spec
from keras_xent.reduction import Reduction

# A number if it is known, or else a tensor.
Rank = Union[int, tf.Tensor]


def loss(
    spec: Spec, length: tf.Tensor, logits: Mapped, labels: Mapped, weights: Mapped
) -> tf.Tensor:
    """The weighted, reduced losses of all iterations."""
    dtype, real = logits.tensor.dtype, weights.tensor.dtype
    rank = _rank_of_losses(logits)
    factors = _aligned(weights, rank)
    if logits.stacked or labels.stacked:
        axis = _stacked_axis(spec)
        x, y = _stacked(logits, length), _stacked(labels, length)
        if spec.reduction is Reduction.NONE:
            return _losses(spec, axis, x, y, factors)
        # TensorFlow's reductions sum 16-bit losses after they have been rounded; ours don't.
        losses = _losses(spec, axis, tf.cast(x, real), tf.cast(y, real), tf.ones([], real))
    else:
        x, y = tf.cast(logits.tensor, real), tf.cast(labels.tensor, real)
        losses = tf.expand_dims(_losses(spec, spec.axis, x, y, tf.ones([], real)), 0)
    weighted = losses * factors
    if spec.reduction is Reduction.NONE:
        return tf.cast(weighted, dtype)
    total = tf.reduce_sum(weighted, _all_but_first(rank), keepdims=True)
    divided = _divided(spec, total, factors, tf.shape(losses), rank)
    return tf.cast(tf.reshape(divided, [-1]), dtype)


def loss_with_backprop(
    spec: Spec, length: tf.Tensor, logits: Mapped, labels: Mapped, weights: Mapped
) -> Tuple[tf.Tensor, tf.Tensor]:
    """The same, and the derivatives of the values with respect to the logits."""
    dtype, real = logits.tensor.dtype, weights.tensor.dtype
    if not (logits.stacked or labels.stacked):
        one = Mapped(tf.ones([], dtype), False)
        return (
            loss(spec, length, logits, labels, weights),
            logits_gradient(spec, length, one, logits, labels, weights),
        )
    rank = _rank_of_losses(logits)
    x, y = tf.cast(_stacked(logits, length), real), tf.cast(_stacked(labels, length), real)
    axis = _stacked_axis(spec)
    one = tf.ones([], real)
    losses_shape = spec_lib.losses_shape(x, axis)
    coefficients = _coefficients(spec, one, weights, losses_shape, rank)
    unreduced = Spec(axis, spec.label_smoothing, Reduction.NONE)
    values, backprop = cross_entropy.with_backprop_in_graph(unreduced, x, y, coefficients)
    if spec.reduction is not Reduction.NONE:
        values = tf.reduce_sum(values, _all_but_first(rank))
        denominator = _denominator(spec, _aligned(weights, rank), losses_shape, rank)
        if denominator is not None:
            # A division by zero gives zero, even of a NaN.
            zero = tf.reshape(tf.equal(denominator, 0), [-1])
            values = tf.where(zero, tf.zeros([], real), values)
    return tf.cast(values, dtype), tf.cast(backprop, dtype)


def logits_gradient(
    spec: Spec,
    length: tf.Tensor,
    grad: Mapped,
    logits: Mapped,
    labels: Mapped,
    weights: Mapped,
) -> tf.Tensor:
    """The derivatives of the values with respect to the logits, times `grad`."""
    dtype, real = logits.tensor.dtype, weights.tensor.dtype
    rank = _rank_of_losses(logits)
    upstream = _aligned(Mapped(tf.cast(grad.tensor, real), grad.stacked), rank)
    if not (logits.stacked or labels.stacked):
        # The softmax is the same for all iterations: it is computed once.
        x, y = tf.cast(logits.tensor, real), tf.cast(labels.tensor, real)
        if weights.stacked:
            losses_shape = tf.concat([[1], spec_lib.losses_shape(x, spec.axis)], 0)
            coefficients = _coefficients(spec, upstream, weights, losses_shape, rank)
            each = _weighted_backprop(spec, spec.axis, x, y, tf.ones([], real))
        else:
            coefficients = upstream
            each = _gradient_of_one(spec, x, y, weights.tensor)
        return tf.cast(each * tf.expand_dims(coefficients, _stacked_axis(spec)), dtype)
    axis = _stacked_axis(spec)
    x, y = _stacked(logits, length), _stacked(labels, length)
    losses_shape = spec_lib.losses_shape(x, axis)
    coefficients = _coefficients(spec, upstream, weights, losses_shape, rank)
    return _weighted_backprop(spec, axis, x, y, coefficients)


def scale_backprop(spec: Spec, backprop: Mapped, grad: Mapped) -> tf.Tensor:
    """The backprop of all iterations, times `grad`."""
    real = spec_lib.real_dtype(backprop.tensor.dtype)
    factors = _aligned(Mapped(tf.cast(grad.tensor, real), grad.stacked), _rank_of_losses(backprop))
    product = tf.cast(backprop.tensor, real) * tf.expand_dims(factors, _stacked_axis(spec))
    return tf.cast(product, backprop.tensor.dtype)


def _losses(
    spec: Spec, axis: int, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
) -> tf.Tensor:
    return cross_entropy.softmax_cross_entropy(
        logits,
        labels,
        weights,
        label_smoothing=spec.label_smoothing,
        axis=axis,
        reduction=Reduction.NONE,
    )


def _weighted_backprop(
    spec: Spec, axis: int, logits: tf.Tensor, labels: tf.Tensor, coefficients: tf.Tensor
) -> tf.Tensor:
    """coefficients * (softmax(logits) - smoothed labels)."""
    summed = Spec(axis, spec.label_smoothing, Reduction.SUM)
    one = tf.ones([], coefficients.dtype)
    return gradients.logits_gradient(summed, one, logits, labels, coefficients)


def _gradient_of_one(
    spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
) -> tf.Tensor:
    """The derivative of one iteration's value, or of the sum of its losses."""
    if spec.reduction is Reduction.NONE:
        spec = spec._replace(reduction=Reduction.SUM)
    return gradients.logits_gradient(spec, tf.ones([], logits.dtype), logits, labels, weights)


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


def _stacked_axis(spec: Spec) -> int:
    return spec.axis + 1 if spec.axis >= 0 else spec.axis


def _stacked(mapped: Mapped, length: tf.Tensor) -> tf.Tensor:
    tensor = mapped.tensor
    if mapped.stacked:
        return tensor
    shape = tf.shape(tensor)
    return tf.broadcast_to(tensor, tf.concat([tf.cast(length, shape.dtype), shape], 0))


def _rank_of_losses(logits: Mapped) -> Rank:
    """The rank of the stacked losses."""
    rank = logits.tensor.shape.rank
    if rank is None:
        rank = tf.rank(logits.tensor)
    return rank - 1 if logits.stacked else rank


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

# The native ops, and whether they have a reduction.
_NATIVE = {
    "KerasXent>SoftmaxCrossEntropy": ("loss", True),
    "KerasXent>SoftmaxCrossEntropyWithBackprop": ("loss_with_backprop", True),
    "KerasXent>UnreducedSoftmaxCrossEntropy": ("loss", False),
    "KerasXent>UnreducedSoftmaxCrossEntropyWithBackprop": ("loss_with_backprop", False),
    "KerasXent>SoftmaxCrossEntropyGrad": ("weighted_backprop", False),
}
_NATIVE_SCALE = "KerasXent>ScaleBackprop"


def _step_of(node: tf.Operation, inputs: Sequence[Any]) -> Optional[Step]:
    """The step that a node runs, natively or as the device demands, or None."""
    if node.type in ("Case", "StatelessCase"):
        return dispatch.step_of(node, inputs)
    if node.type == _NATIVE_SCALE:
        spec = Spec(int(node.get_attr("axis")), 0.0, Reduction.NONE)
        return Step("scale_backprop", spec, inputs)
    if node.type not in _NATIVE:
        return None
    name, reduced = _NATIVE[node.type]
    reduction = registered_gradients.reduction_of(node) if reduced else Reduction.NONE
    return Step(name, registered_gradients.spec_of(node, reduction), inputs[:3])


def _is_step(node: tf.Operation) -> bool:
    return _step_of(node, list(node.inputs)) is not None


def _convert_step(node: tf.Operation, inputs: List[Mapped], length: tf.Tensor) -> List[Mapped]:
    step = _step_of(node, inputs)
    assert step is not None
    spec = step.spec
    if step.name == "scale_backprop":
        return [Mapped(scale_backprop(spec, *step.tensors), True)]
    logits, labels, weights = step.tensors
    one = Mapped(tf.ones([], logits.tensor.dtype), False)
    if step.name == "weighted_backprop":
        gradient = logits_gradient(spec.unreduced(), length, one, logits, labels, weights)
        return [Mapped(gradient, True)]
    if step.name == "loss":
        return [Mapped(loss(spec, length, logits, labels, weights), True)]
    both = loss_with_backprop(spec, length, logits, labels, weights)
    return [Mapped(output, True) for output in both]


# What computes the values that carry a gradient of ours, and of how many inputs.
_KINDS: Dict[str, Tuple[Callable[..., tf.Tensor], int]] = {
    cross_entropy.GRADIENT.name: (loss, cross_entropy.GRADIENT.inputs),
    gradients.LOGITS_GRADIENT.name: (logits_gradient, gradients.LOGITS_GRADIENT.inputs),
}


def _is_explicit(node: tf.Operation) -> bool:
    return explicit.kind_of(node) in _KINDS


def _convert_explicit(
    node: tf.Operation, inputs: List[Mapped], length: tf.Tensor
) -> List[Mapped]:
    """The gradient of the node is that of a single iteration, so it has to be another value.

    The steps have become values with gradients already. The portable backend's ops have not: the
    value is computed anew, and what they compute is pruned, as nothing else uses it.
    """
    value, *tensors = inputs
    if not (value.stacked and _has_gradient(node.inputs[0].op)):
        kind = explicit.kind_of(node)
        assert kind is not None
        compute, count = _KINDS[kind]
        value = Mapped(compute(explicit.spec_of(node), length, *tensors[:count]), True)
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


for _type in ("Case", "StatelessCase", *_NATIVE, _NATIVE_SCALE):
    _tensorflow.convert_for_vectorized_map(_type, _convert_step, only=_is_step)
_tensorflow.convert_for_vectorized_map("IdentityN", _convert_explicit, only=_is_explicit)
# TensorFlow takes it for stateful, and has no converter.
_tensorflow.convert_for_vectorized_map("DeviceIndex", _convert_device_index)
