"""The derivatives of softmax cross entropy, each written out.

With p = softmax(logits), y' the smoothed labels, s the smoothing, l the losses, w the
weights and c = d value / d l * grad (weighting.losses_gradient),

    d value / d logits  = c * (p - y')
    d value / d labels  = -(1 - s) * c * log_softmax(logits)
    d value / d weights = weighting.weights_gradient(l)

The first is the loss's gradient where labels sum to one. TensorFlow's
SoftmaxCrossEntropyWithLogits uses it whatever they sum to, and so does this.

For a second derivative, let v be what arrives for c * (p - y'):

    to logits   c * (v * p - p * sum(v * p))     no [N, C, C] Jacobian
    to labels   -(1 - s) * c * v
    to c        sum(v * (p - y'))

All of these are made of TensorFlow's ops or of functions here, so that they can be
differentiated again.
"""

from __future__ import annotations

from typing import List, Optional, Tuple

import tensorflow as tf

from keras_xent import _tensorflow
from keras_xent.ops import class_axis, dispatch, explicit, weighting
from keras_xent.ops import labels as labels_lib
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.spec import Spec


def logits_gradient(
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
            return _raw_logits_gradient(spec, list(inputs), kept), []

        return explicit.in_graph(LOGITS_GRADIENT, spec, forward, inputs)

    def second(v: tf.Tensor) -> List[tf.Tensor]:
        return second_derivatives(spec, v, *inputs)

    result = _raw_logits_gradient(spec, inputs, kept)
    _tensorflow.record_operation(LOGITS_GRADIENT.name, [result], inputs, second)
    return result


def _raw_logits_gradient(
    spec: Spec, inputs: List[tf.Tensor], kept: Optional[tf.Tensor]
) -> tf.Tensor:
    grad, logits, labels, weights = inputs
    if not tf.executing_eagerly():
        grad = _as_scalar(grad)
    if kept is None or not spec_lib.keeps_backprop(logits.dtype):
        coefficients = _coefficients(spec, grad, logits, weights)
        if kept is None:
            result = dispatch.run("weighted_backprop", spec, logits, labels, coefficients)
        else:
            with _tensorflow.stop_recording():
                result = class_axis.times(kept, coefficients, spec.axis, logits.dtype)
    elif not tf.executing_eagerly() and _is_constant_one(grad):
        return kept
    else:
        result = dispatch.run("scale_backprop", spec, kept, grad)
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
    spec: Spec, grad: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor
) -> tf.Tensor:
    """The derivative of the value with respect to the labels, times `grad`."""
    coefficients = class_axis.beside_classes(
        _coefficients(spec, grad, logits, weights), spec.axis
    )
    real_logits = tf.cast(logits, weights.dtype)
    log_softmax = _log_softmax(real_logits, spec.axis)
    return tf.cast((spec.label_smoothing - 1) * coefficients * log_softmax, logits.dtype)


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
    spec: Spec,
    v: tf.Tensor,
    grad: tf.Tensor,
    logits: tf.Tensor,
    labels: tf.Tensor,
    weights: tf.Tensor,
) -> List[tf.Tensor]:
    """The derivatives of `logits_gradient` with respect to grad, logits, labels and weights,
    times v.
    """
    to_logits, to_labels, to_coefficients = backprop_gradients(
        spec, v, logits, labels, _coefficients(spec, grad, logits, weights)
    )
    # The coefficients are the transpose of reduce_losses, which is linear in the losses:
    # what arrives for them goes on as losses do.
    to_grad = weighting.reduce_losses(to_coefficients, weights, spec.reduction)
    to_weights = weighting.weights_gradient(
        tf.cast(grad, weights.dtype), to_coefficients, weights, spec.reduction
    )
    return [tf.cast(to_grad, grad.dtype), to_logits, to_labels, to_weights]


def backprop_gradients(
    spec: Spec, v: tf.Tensor, logits: tf.Tensor, labels: tf.Tensor, coefficients: tf.Tensor
) -> List[tf.Tensor]:
    """The derivatives of c * (p - y') with respect to logits, labels and c, times v.

    The last is shaped as the losses, even where c is broadcast to them.
    """
    real = coefficients.dtype
    v = tf.cast(v, real)
    p = _softmax(tf.cast(logits, real), spec.axis)
    smoothed = labels_lib.smoothed(spec, tf.cast(labels, real))
    c = class_axis.beside_classes(coefficients, spec.axis)
    mean = tf.reduce_sum(v * p, spec.axis, keepdims=True)
    to_logits = c * p * (v - mean)
    to_labels = (spec.label_smoothing - 1) * c * v
    to_coefficients = tf.reduce_sum(v * (p - smoothed), spec.axis)
    return [tf.cast(to_logits, logits.dtype), tf.cast(to_labels, labels.dtype), to_coefficients]


def _softmax(logits: tf.Tensor, axis: int) -> tf.Tensor:
    if logits.shape.rank is None and axis != -1:
        return tf.exp(_log_softmax(logits, axis))
    return tf.nn.softmax(logits, axis)


def _log_softmax(logits: tf.Tensor, axis: int) -> tf.Tensor:
    # TensorFlow's own transposes, and can't where the rank is unknown.
    if logits.shape.rank is None and axis != -1:
        return logits - tf.reduce_logsumexp(logits, axis, keepdims=True)
    return tf.nn.log_softmax(logits, axis)


def _second_derivatives_in_graph(
    spec: Spec,
    v: tf.Tensor,
    inputs: List[tf.Tensor],
    kept: List[tf.Tensor],
    wanted: List[bool],
) -> List[tf.Tensor]:
    return second_derivatives(spec, v, *inputs)


LOGITS_GRADIENT = explicit.registered("KerasXentLogitsGradient", 4, _second_derivatives_in_graph)
