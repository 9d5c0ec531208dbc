"""Evaluates a loss op, and attaches its explicit gradient to the value."""

from __future__ import annotations

import functools
from typing import Sequence

import tensorflow as tf

from keras_xent import _tensorflow
from keras_xent.ops import dispatch, explicit, gradients, operands, replicas
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.explicit import Gradient
from keras_xent.ops.loss_op import LossOp
from keras_xent.ops.spec import Spec
from keras_xent.reduction import Reduction

_gradients: dict[str, Gradient] = {}


def register(op: LossOp) -> None:
    """Registers the gradient of an op's values with TensorFlow."""
    backward = functools.partial(_gradients_in_graph, op)
    _gradients[op.name] = explicit.registered(gradient_name(op), 3, backward)


def gradient_name(op: LossOp) -> str:
    """The name of the gradient of an op's values in nodes."""
    return f"KerasXent{op.name}"


def evaluate(
    op: LossOp, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
) -> tf.Tensor:
    """The weighted, reduced loss. The static shapes and dtypes have been checked."""
    if tf.executing_eagerly():
        return _eager(op, spec, logits, labels, weights)
    return _in_graph(op, spec, logits, labels, weights)


def normalized(
    op: LossOp,
    spec: Spec,
    logits: tf.Tensor,
    labels: tf.Tensor,
    weights: tf.Tensor,
    normalization: str,
) -> tf.Tensor:
    """`evaluate`, with one denominator for all replicas if the normalization is "global"."""
    if not replicas.share_a_denominator(normalization, spec.reduction):
        return evaluate(op, spec, logits, labels, weights)
    weights = operands.checked_weights(spec, logits, weights)
    shape = spec_lib.losses_shape(logits, spec.axis)
    weights = replicas.shared_weights(weights, shape, spec.reduction)
    spec = spec._replace(reduction=Reduction.SUM)
    return replicas.combined(evaluate(op, spec, logits, labels, weights))


def _eager(
    op: LossOp, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
) -> tf.Tensor:
    inputs = [logits, labels, weights]
    watched = [_tensorflow.should_record_backprop([tensor]) for tensor in inputs]
    kept = None
    if watched[0]:
        value, kept = dispatch.steps(op).loss_with_kept(spec, *inputs)
    else:
        value = dispatch.steps(op).loss(spec, *inputs)

    # Forward accumulators call `backward` immediately, and any input may have a tangent. Tapes
    # call it later.
    wanted = [True] * 3

    def backward(grad: tf.Tensor) -> list[tf.Tensor | None]:
        return gradients_of(op, spec, grad, inputs, wanted, kept)

    # `kept` isn't an output, because a tape would then allocate an upstream gradient of zeros for
    # it.
    _tensorflow.record_operation(gradient_name(op), [value], inputs, backward)
    wanted = watched
    return value


def _in_graph(
    op: LossOp, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
) -> tf.Tensor:
    # If a tape is watching the logits now, their gradient will be needed, so it is computed and
    # kept. If it turns out to be needed later (tf.gradients, a tape outside this function), it is
    # computed then.
    keep = _tensorflow.should_record_backprop([logits])
    # The gradient of a tf.cond inside a tf.while_loop finds only tensors of this graph.
    inputs = [tf.identity(tensor) for tensor in (logits, labels, weights)]

    def forward(*inputs: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        if not keep:
            return dispatch.steps(op).loss(spec, *inputs), []
        return _with_kept(op, spec, inputs)

    value = explicit.in_graph(_gradients[op.name], spec, forward, inputs)
    return _shaped(op, spec, value, logits, labels)


def with_backprop_in_graph(
    op: LossOp, spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """The value and its derivative with respect to the logits. Both have gradients.

    It doesn't support float16 logits, because their derivative could underflow.
    """
    inputs = [tf.identity(tensor) for tensor in (logits, labels, weights)]
    local_logits, local_labels, local_weights = inputs
    with _tensorflow.stop_recording():
        value, kept = _with_kept(op, spec, inputs)
    value = explicit.in_graph(_gradients[op.name], spec, lambda *_: (value, kept), inputs)
    # For unreduced losses, the derivative of their sum.
    summed = spec._replace(reduction=Reduction.SUM) if spec.reduction is Reduction.NONE else spec
    one = tf.ones([], logits.dtype)
    backprop = gradients.logits_gradient(
        op, summed, one, local_logits, local_labels, local_weights, kept[0]
    )
    return _shaped(op, spec, value, logits, labels), backprop


def _with_kept(
    op: LossOp, spec: Spec, inputs: Sequence[tf.Tensor]
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    value, kept = dispatch.steps(op).loss_with_kept(spec, *inputs)
    if kept is None:
        return value, []
    kept.set_shape(inputs[0].shape)
    return value, [kept]


def _shaped(
    op: LossOp, spec: Spec, value: tf.Tensor, logits: tf.Tensor, labels: tf.Tensor
) -> tf.Tensor:
    if spec.reduction is Reduction.NONE:
        value.set_shape(op.known_losses_shape(spec, logits.shape, labels.shape))
    else:
        value.set_shape([])
    return value


def gradients_of(
    op: LossOp,
    spec: Spec,
    grad: tf.Tensor,
    inputs: list[tf.Tensor],
    wanted: list[bool],
    kept: tf.Tensor | None,
) -> list[tf.Tensor | None]:
    """The gradients with respect to logits, labels and weights. None for those not wanted."""
    if not tf.executing_eagerly():
        # The gradient of a traced function is in a separate graph, and these tensors belong to the
        # function's graph. A second derivative finds only tensors of the gradient's graph.
        inputs = [tf.identity(tensor) for tensor in inputs]
    logits, labels, weights = inputs
    to_logits = to_labels = to_weights = None
    if wanted[0]:
        to_logits = gradients.logits_gradient(op, spec, grad, logits, labels, weights, kept)
    if wanted[1] and op.labels_have_gradient:
        to_labels = gradients.labels_gradient(op, spec, grad, logits, weights)
    if wanted[2]:
        one = tf.ones([], weights.dtype)
        losses = evaluate(op, spec.unreduced(), logits, labels, one)
        to_weights = gradients.weights_gradient(spec, grad, logits, losses, weights)
    return [to_logits, to_labels, to_weights]


def _gradients_in_graph(
    op: LossOp,
    spec: Spec,
    grad: tf.Tensor,
    inputs: list[tf.Tensor],
    kept: list[tf.Tensor],
    wanted: list[bool],
) -> Sequence[tf.Tensor | None]:
    return gradients_of(op, spec, grad, inputs, wanted, kept[0] if kept else None)
