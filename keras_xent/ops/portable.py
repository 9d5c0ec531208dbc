"""Softmax cross entropy in TensorFlow's own ops: for XLA, GPUs, TPUs, and wherever
the native library isn't.

The formulas are those of the native kernels (kernel/rows.h), so that both give the same
number. Half precision is computed in float32. Nothing here is meant to be
differentiated by TensorFlow: gradients.py has the derivatives.
"""

from __future__ import annotations

from typing import NamedTuple, Tuple

import tensorflow as tf

from keras_xent._tensorflow import tracing_for_xla
from keras_xent.ops import checks, weighting
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.spec import Spec


def loss(spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """The weighted, reduced loss."""
    logits, labels, weights = _checked(spec, logits, labels, weights)
    parts = _sweep(spec, logits, labels)
    return tf.cast(weighting.reduce_losses(parts.losses, weights, spec.reduction), logits.dtype)


def loss_with_backprop(
    spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
) -> Tuple[tf.Tensor, tf.Tensor]:
    """The weighted, reduced loss, and its gradient with respect to the logits."""
    logits, labels, weights = _checked(spec, logits, labels, weights)
    parts = _sweep(spec, logits, labels)
    value = weighting.reduce_losses(parts.losses, weights, spec.reduction)
    coefficients = weighting.losses_gradient(
        tf.ones([], weights.dtype),
        weights,
        spec_lib.losses_shape(logits, spec.axis),
        spec.reduction,
    )
    backprop = _backprop(spec, parts, coefficients)
    return tf.cast(value, logits.dtype), tf.cast(backprop, logits.dtype)


def weighted_backprop(
    spec: Spec, logits: tf.Tensor, labels: tf.Tensor, coefficients: tf.Tensor
) -> tf.Tensor:
    """coefficients * (softmax(logits) - smoothed labels)."""
    logits, labels, coefficients = _checked(spec, logits, labels, coefficients)
    return tf.cast(_backprop(spec, _sweep(spec, logits, labels), coefficients), logits.dtype)


def scale_backprop(spec: Spec, backprop: tf.Tensor, grad: tf.Tensor) -> tf.Tensor:
    """backprop * grad, with grad a scalar or shaped as the losses."""
    real = spec_lib.real_dtype(backprop.dtype)
    product = tf.cast(backprop, real) * _beside_classes(spec, tf.cast(grad, real))
    return tf.cast(product, backprop.dtype)


class _Sweep(NamedTuple):
    losses: tf.Tensor
    labels: tf.Tensor  # in the dtype of the arithmetic
    smoothed: tf.Tensor  # the same labels, smoothed
    is_max: tf.Tensor
    exp: tf.Tensor  # exp(logits - max), 0 where is_max
    excess: tf.Tensor  # sum of exp(logits - max) over all classes, less 1


def _sweep(spec: Spec, logits: tf.Tensor, labels: tf.Tensor) -> _Sweep:
    real = spec_lib.real_dtype(logits.dtype)
    logits = tf.cast(logits, real)
    labels = tf.cast(labels, real)
    largest = tf.reduce_max(logits, spec.axis, keepdims=True)
    difference = logits - largest
    # The largest logits' exp(0) = 1 are counted rather than added to the others: log1p
    # then keeps the precision of a loss near 0.
    is_max = tf.equal(logits, largest)
    exp = tf.where(is_max, tf.zeros_like(logits), tf.exp(difference))

    def over_classes(x: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(x, spec.axis, keepdims=True)

    # largest - largest is 0, or NaN when it is infinite: such a row has no softmax.
    excess = over_classes(exp) + (over_classes(tf.cast(is_max, real)) - 1) + (largest - largest)
    log_sum = tf.math.log1p(excess)
    classes = tf.cast(tf.shape(logits)[spec.axis], real)
    smoothing = spec.label_smoothing
    smoothed = labels * (1 - smoothing) if smoothing else labels
    label_mass = over_classes(labels)
    # 0 * -inf is 0 here: a class without label mass adds nothing.
    linear = over_classes(tf.math.multiply_no_nan(difference, smoothed))
    if smoothing:
        share = smoothing / classes
        label_mass = label_mass * (1 - smoothing) + smoothing
        # A sum of its own: with one-hot labels the other one is exact. A sum of the differences
        # alone would overflow sooner than TensorFlow's.
        linear += over_classes(difference * share)
        smoothed += share
    losses = label_mass * log_sum - linear
    # Without classes there is no largest logit, and nothing to lose. And 0 is never -0.
    losses = tf.where(tf.equal(classes, 0) | tf.equal(losses, 0), tf.zeros_like(losses), losses)
    return _Sweep(tf.squeeze(losses, spec.axis), labels, smoothed, is_max, exp, excess)


def _backprop(spec: Spec, parts: _Sweep, coefficients: tf.Tensor) -> tf.Tensor:
    on = 1 - spec.label_smoothing
    classes = tf.cast(tf.shape(parts.labels)[spec.axis], parts.labels.dtype)
    off = spec.label_smoothing / classes
    total = 1 + parts.excess
    # For a dominant class, one with half of the probability or more, p - y' is
    # (1 - y') - (1 - p), which does not cancel when p is near 1; for small p it would lose
    # what p - y' keeps.
    of_dominant = (1 - parts.labels) * on + (spec.label_smoothing - off) - parts.excess / total
    exp = tf.where(parts.is_max, tf.ones_like(parts.exp), parts.exp)
    of_others = exp / total - parts.smoothed
    p_minus_y = tf.where(parts.is_max & (parts.excess <= 1), of_dominant, of_others)
    return p_minus_y * _beside_classes(spec, coefficients)


def _beside_classes(spec: Spec, per_loss: tf.Tensor) -> tf.Tensor:
    if per_loss.shape.rank == 0:
        return per_loss
    return tf.expand_dims(per_loss, spec.axis)


def _checked(
    spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
) -> Tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Checks the real shapes where the static ones do not tell (XLA leaves the checks out)."""
    if not (logits.shape.is_fully_defined() and labels.shape.is_fully_defined()):
        if tracing_for_xla():
            # No assertion is compiled, but a stack of different shapes is refused.
            logits, labels = tf.unstack(tf.stack([logits, labels]), num=2)
        with tf.control_dependencies([checks.assert_same_shape(logits, labels)]):
            logits = tf.identity(logits)
    shape = spec_lib.losses_shape(logits, spec.axis)
    static_shape = spec_lib.static_losses_shape(logits.shape, spec.axis)
    weights = weighting.checked_weights(weights, static_shape, shape)
    if weights.shape.rank is None:
        # A scalar or of the losses' rank: this has the losses' rank either way.
        weights = tf.broadcast_to(weights, shape)
    return logits, labels, weights
