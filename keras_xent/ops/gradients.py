"""The explicit derivatives of a loss op.

With the losses l, the weights w, the coefficients c = d value / d l * grad
(weighting.losses_gradient), and the derivatives b of the losses with respect to the logits,

    d value / d logits  = c * b
    d value / d labels  = c * d l / d labels
    d value / d weights = weighting.weights_gradient(l)

The second derivatives are the derivatives of c * b, times v, its upstream gradient. The loss op
defines those with respect to logits, labels and c. Those with respect to the weights and grad are
the same for all loss ops, because c doesn't depend on the loss op.

All derivatives use TensorFlow's ops or functions of this module, so they can be differentiated
again.
"""

from __future__ import annotations

import functools

import tensorflow as tf

from keras_xent import _tensorflow
from keras_xent.ops import class_axis, dispatch, explicit, weighting
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.explicit import Gradient
from keras_xent.ops.loss_op import LossOp
from keras_xent.ops.spec import Spec

_gradients: dict[str, Gradient] = {}


def register(op: LossOp) -> None:
    """Registers the second derivatives of an op with TensorFlow."""
    backward = functools.partial(_second_derivatives_in_graph, op)
    _gradients[op.name] = explicit.registered(gradient_name(op), 4, backward)


def gradient_name(op: LossOp) -> str:
    """The name of the gradient of `logits_gradient` in nodes."""
    return f"KerasXent{op.name}LogitsGradient"


def logits_gradient(
    op: LossOp,
    spec: Spec,
    grad: tf.Tensor,
    logits: tf.Tensor,
    labels: tf.Tensor,
    weights: tf.Tensor,
    kept: tf.Tensor | None = None,
) -> tf.Tensor:
    """The derivative of the value with respect to the logits, times `grad`.

    `kept` is the tensor that the step `loss_with_kept` returned. If it is None, everything is
    computed again.
    """
    keeps_backprop = kept is not None and spec_lib.keeps_backprop(logits.dtype)
    if keeps_backprop and _is_unwatched_one(grad):
        return kept
    inputs = [grad, logits, labels, weights]

    if not tf.executing_eagerly():

        def forward(*inputs: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
            return _raw_logits_gradient(op, spec, list(inputs), kept), []

        return explicit.in_graph(_gradients[op.name], spec, forward, inputs)

    def second(v: tf.Tensor) -> list[tf.Tensor | None]:
        return second_derivatives(op, spec, v, *inputs)

    result = _raw_logits_gradient(op, spec, inputs, kept)
    _tensorflow.record_operation(gradient_name(op), [result], inputs, second)
    return result


def _raw_logits_gradient(
    op: LossOp, spec: Spec, inputs: list[tf.Tensor], kept: tf.Tensor | None
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
    return result


def _is_unwatched_one(grad: tf.Tensor) -> bool:
    """Whether `grad` is an eager 1 on a CPU, and no tape or accumulator is active.

    That is the case in most training steps. Then the kept gradient is the result, and no op has to
    run.
    """
    return (
        tf.executing_eagerly()
        and not _tensorflow.could_record()
        and grad.shape.rank == 0
        and ":CPU:" in grad.device
        and bool(grad.numpy() == 1)
    )


def _as_scalar(grad: tf.Tensor) -> tf.Tensor:
    """The same tensor, or a scalar if it is a constant with one value for all losses.

    The gradient of unreduced losses begins with such a constant of ones. Its product with constant
    weights would be a constant of the losses' size.
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
) -> tf.Tensor | None:
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
    # A program that runs only the gradient doesn't run the op that checks the weights. The shape
    # comes from the logits, because TensorFlow never prunes an assertion or its inputs.
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
) -> list[tf.Tensor | None]:
    """The derivatives of `logits_gradient` with respect to grad, logits, labels and weights,
    times v.
    """
    to_logits, to_labels, to_coefficients = backprop_gradients(
        op, spec, v, logits, labels, _coefficients(spec, grad, logits, weights)
    )
    # reduce_losses is linear in the losses, and the coefficients are its transpose. So their
    # upstream gradient is reduced in the same way as losses.
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
) -> tuple[tf.Tensor, tf.Tensor | None, tf.Tensor]:
    """The derivatives of `weighted_backprop` with respect to logits, labels and coefficients,
    times v.

    The last one has the losses' shape, even if the coefficients are broadcast to it.
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
    inputs: list[tf.Tensor],
    kept: list[tf.Tensor],
    wanted: list[bool],
) -> list[tf.Tensor | None]:
    return second_derivatives(op, spec, v, *inputs)
