"""The derivatives of a loss op, each written out.

With l the losses, b the derivatives of the losses with respect to the logits, w the weights and
c = d value / d l * grad (weighting.losses_gradient),

    d value / d logits  = c * b
    d value / d labels  = c * d l / d labels
    d value / d weights = weighting.weights_gradient(l)

The second derivatives are those of c * b, for v that arrives for it. The op has those with respect
to logits, labels and c; the ones with respect to the weights and what came from above follow, as c
is the same for all loss ops.

All of these are made of TensorFlow's ops or of functions here, so that they can be differentiated
again.
"""

from __future__ import annotations

import functools
from typing import Dict, List, Optional, Tuple

import tensorflow as tf

from keras_xent import _tensorflow
from keras_xent.ops import class_axis, dispatch, explicit, weighting
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.explicit import Gradient
from keras_xent.ops.loss_op import LossOp
from keras_xent.ops.spec import Spec

_gradients: Dict[str, Gradient] = {}


def register(op: LossOp) -> None:
    """Makes the second derivatives of an op known to TensorFlow."""
    backward = functools.partial(_second_derivatives_in_graph, op)
    _gradients[op.name] = explicit.registered(gradient_name(op), 4, backward)


def gradient_name(op: LossOp) -> str:
    """By which nodes name the gradient of `logits_gradient`."""
    return f"KerasXent{op.name}LogitsGradient"


def logits_gradient(
    op: LossOp,
    spec: Spec,
    grad: tf.Tensor,
    logits: tf.Tensor,
    labels: tf.Tensor,
    weights: tf.Tensor,
    kept: Optional[tf.Tensor] = None,
) -> tf.Tensor:
    """The derivative of the value with respect to the logits, times `grad`.

    `kept` is what the step `loss_with_kept` left for it; without, all is computed again.
    """
    keeps_backprop = kept is not None and spec_lib.keeps_backprop(logits.dtype)
    if keeps_backprop and _is_unwatched_one(grad):
        return kept
    inputs = [grad, logits, labels, weights]

    if not tf.executing_eagerly():

        def forward(*inputs: tf.Tensor) -> Tuple[tf.Tensor, List[tf.Tensor]]:
            return _raw_logits_gradient(op, spec, list(inputs), kept), []

        return explicit.in_graph(_gradients[op.name], spec, forward, inputs)

    def second(v: tf.Tensor) -> List[Optional[tf.Tensor]]:
        return second_derivatives(op, spec, v, *inputs)

    result = _raw_logits_gradient(op, spec, inputs, kept)
    _tensorflow.record_operation(gradient_name(op), [result], inputs, second)
    return result


def _raw_logits_gradient(
    op: LossOp, spec: Spec, inputs: List[tf.Tensor], kept: Optional[tf.Tensor]
) -> tf.Tensor:
    grad, logits, labels, weights = inputs
    if not tf.executing_eagerly():
        grad = _as_scalar(grad)
    if kept is None or not spec_lib.keeps_backprop(logits.dtype):
        coefficients = _coefficients(spec, grad, logits, weights)
        if kept is None:
            result = dispatch.steps(op).weighted_backprop(spec, logits, labels, coefficients)
        else:
            with _tensorflow.stop_recording():
                result = class_axis.times(kept, coefficients, spec.axis, logits.dtype)
    elif not tf.executing_eagerly() and _is_constant_one(grad):
        return kept
    else:
        result = dispatch.steps(op).scale_backprop(spec, kept, grad)
    if not tf.executing_eagerly():
        result.set_shape(logits.shape)
    return result


def _is_unwatched_one(grad: tf.Tensor) -> bool:
    """Whether this is the eager gradient of a loss that nobody scaled, and of a first order.

    That is what most training steps ask for, and then no op has to run.
    """
    return (
        tf.executing_eagerly()
        and not _tensorflow.could_record()
        and grad.shape.rank == 0
        and ":CPU:" in grad.device
        and bool(grad.numpy() == 1)
    )


def _as_scalar(grad: tf.Tensor) -> tf.Tensor:
    """The same, as a scalar where it is a constant that has one value for all losses.

    So are the ones with which a gradient of losses begins. Their product with constant weights
    would be a constant of the losses' size.
    """
    values = tf.get_static_value(grad)
    if values is None or values.ndim == 0 or values.size == 0:
        return grad
    first = values.flat[0]
    return tf.constant(first, grad.dtype) if (values == first).all() else grad


def _is_constant_one(grad: tf.Tensor) -> bool:
    value = tf.get_static_value(grad)
    return value is not None and bool((value == 1).all())


def labels_gradient(
    op: LossOp, spec: Spec, grad: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor
) -> Optional[tf.Tensor]:
    """The derivative of the value with respect to the labels, times `grad`."""
    coefficients = _coefficients(spec, grad, logits, weights)
    gradient = op.labels_gradient(spec, coefficients, tf.cast(logits, weights.dtype))
    return None if gradient is None else tf.cast(gradient, logits.dtype)


def weights_gradient(
    spec: Spec, grad: tf.Tensor, logits: tf.Tensor, losses: tf.Tensor, weights: tf.Tensor
) -> tf.Tensor:
    """The derivative of the value with respect to the weights, times `grad`."""
    weights = _checked_weights(spec, logits, weights)
    return weighting.weights_gradient(
        tf.cast(grad, weights.dtype), tf.cast(losses, weights.dtype), weights, spec.reduction
    )


def _coefficients(
    spec: Spec, grad: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor
) -> tf.Tensor:
    weights = _checked_weights(spec, logits, weights)
    shape = spec_lib.losses_shape(logits, spec.axis)
    return weighting.losses_gradient(
        tf.cast(grad, weights.dtype), weights, shape, spec.reduction
    )


def _checked_weights(spec: Spec, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    # Whoever asks for a gradient alone runs no op that has checked the weights. The shape is
    # taken from the logits: an assertion is never pruned, nor is what it depends on.
    return weighting.checked_weights(
        weights,
        spec_lib.static_losses_shape(logits.shape, spec.axis),
        spec_lib.losses_shape(logits, spec.axis),
    )


def second_derivatives(
    op: LossOp,
    spec: Spec,
    v: tf.Tensor,
    grad: tf.Tensor,
    logits: tf.Tensor,
    labels: tf.Tensor,
    weights: tf.Tensor,
) -> List[Optional[tf.Tensor]]:
    """The derivatives of `logits_gradient` with respect to grad, logits, labels and weights,
    times v.
    """
    to_logits, to_labels, to_coefficients = backprop_gradients(
        op, spec, v, logits, labels, _coefficients(spec, grad, logits, weights)
    )
    # The coefficients are the transpose of reduce_losses, which is linear in the losses:
    # what arrives for them goes on as losses do.
    to_grad = weighting.reduce_losses(to_coefficients, weights, spec.reduction)
    to_weights = weighting.weights_gradient(
        tf.cast(grad, weights.dtype), to_coefficients, weights, spec.reduction
    )
    return [tf.cast(to_grad, grad.dtype), to_logits, to_labels, to_weights]


def backprop_gradients(
    op: LossOp,
    spec: Spec,
    v: tf.Tensor,
    logits: tf.Tensor,
    labels: tf.Tensor,
    coefficients: tf.Tensor,
) -> Tuple[tf.Tensor, Optional[tf.Tensor], tf.Tensor]:
    """The derivatives of `weighted_backprop` with respect to logits, labels and coefficients,
    times v.

    The last is shaped as the losses, even where coefficients are broadcast to them.
    """
    real = coefficients.dtype
    to_logits, to_labels, to_coefficients = op.backprop_gradients(
        spec,
        tf.cast(v, real),
        tf.cast(logits, real),
        op.real_labels(labels, real),
        coefficients,
    )
    if to_labels is not None:
        to_labels = tf.cast(to_labels, labels.dtype)
    return tf.cast(to_logits, logits.dtype), to_labels, to_coefficients


def _second_derivatives_in_graph(
    op: LossOp,
    spec: Spec,
    v: tf.Tensor,
    inputs: List[tf.Tensor],
    kept: List[tf.Tensor],
    wanted: List[bool],
) -> List[Optional[tf.Tensor]]:
    return second_derivatives(op, spec, v, *inputs)
