"""Softmax cross entropy for XLA, which fuses what it compiles.

Under XLA, the passes over the classes cost time, and so does what they leave in memory between
them. There are three, as in TF1's functions: the maximum, the sum of the exponentials, and the sum
of the loss's terms. Half precision is computed in float32. Nothing here is meant to be
differentiated by TensorFlow: gradients.py has the derivatives.
"""

from __future__ import annotations

from typing import Callable, List, NamedTuple, Tuple

import tensorflow as tf

from keras_xent.ops import backends, checks, class_axis, operands, portable, weighting
from keras_xent.ops import labels as labels_lib
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.spec import Spec

_PIECES = 8
_FEWEST_CLASSES = 64  # With fewer, splitting doesn't pay.
_LONG_PART = 256


def loss(spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """The weighted, reduced loss."""
    logits, labels, weights = _checked(spec, logits, labels, weights)
    real = _in_real(logits, labels)
    largest = tf.reduce_max(real.logits, spec.axis, keepdims=True)
    total = _sum(lambda part: tf.exp(part - largest), [real.logits], spec.axis)
    losses = _losses(spec, real, largest, tf.math.log(total))
    return tf.cast(weighting.reduce_losses(losses, weights, spec.reduction), logits.dtype)


def loss_with_kept(
    spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
) -> Tuple[tf.Tensor, tf.Tensor]:
    """The weighted, reduced loss, and what the gradient needs.

    That is the gradient with respect to the logits for an upstream gradient of 1, or, where that
    is not to be kept, softmax(logits) - smoothed labels in the dtype of the arithmetic.
    """
    logits, labels, weights = _checked(spec, logits, labels, weights)
    real = _in_real(logits, labels)
    largest, exp, total = _exponentials(spec, real)
    losses = _losses(spec, real, largest, tf.math.log(total))
    value = weighting.reduce_losses(losses, weights, spec.reduction)
    kept = _difference(spec, real, exp, total)
    if spec_lib.keeps_backprop(logits.dtype):
        coefficients = operands.unscaled_coefficients(spec, logits, weights)
        kept = class_axis.times(kept, coefficients, spec.axis, logits.dtype)
    return tf.cast(value, logits.dtype), kept


def weighted_backprop(
    spec: Spec, logits: tf.Tensor, labels: tf.Tensor, coefficients: tf.Tensor
) -> tf.Tensor:
    """coefficients * (softmax(logits) - smoothed labels)."""
    logits, labels, coefficients = _checked(spec, logits, labels, coefficients)
    real = _in_real(logits, labels)
    _, exp, total = _exponentials(spec, real)
    difference = _difference(spec, real, exp, total)
    return class_axis.times(difference, coefficients, spec.axis, logits.dtype)


# Nothing in it is different for XLA.
scale_backprop = portable.scale_backprop


class _Real(NamedTuple):
    """Logits and labels in the dtype of the arithmetic."""

    logits: tf.Tensor
    labels: tf.Tensor


def _in_real(logits: tf.Tensor, labels: tf.Tensor) -> _Real:
    dtype = spec_lib.real_dtype(logits.dtype)
    return _Real(tf.cast(logits, dtype), tf.cast(labels, dtype))


def _exponentials(spec: Spec, real: _Real) -> Tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The largest logits, exp(logits - largest), and their sum.

    The gradient needs the exponentials themselves, so their sum costs nothing more.
    """
    largest = tf.reduce_max(real.logits, spec.axis, keepdims=True)
    exp = tf.exp(real.logits - largest)
    return largest, exp, tf.reduce_sum(exp, spec.axis, keepdims=True)


def _losses(spec: Spec, real: _Real, largest: tf.Tensor, log_total: tf.Tensor) -> tf.Tensor:
    classes = labels_lib.num_classes(spec, real.labels)

    def terms(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        smoothed = labels_lib.smoothed_part(spec, labels, classes)
        log_softmax = (logits - largest) - log_total
        # 0 * -inf is 0 here: a class without label mass adds nothing.
        nothing = tf.zeros([], smoothed.dtype)
        return tf.where(tf.equal(smoothed, 0), nothing, log_softmax) * -smoothed

    return tf.squeeze(_sum(terms, list(real), spec.axis), spec.axis)


def _difference(spec: Spec, real: _Real, exp: tf.Tensor, total: tf.Tensor) -> tf.Tensor:
    return exp * (1 / total) - labels_lib.smoothed(spec, real.labels)


def _sum(function: Callable[..., tf.Tensor], tensors: List[tf.Tensor], axis: int) -> tf.Tensor:
    """The sum over the classes of a function of tensors, element by element.

    On a CPU, XLA writes all terms of a sum to memory, and then reads and adds them. So there the
    loop that computes the terms adds those of eight classes, and leaves an eighth of them to sum.
    Accelerators fuse better.
    """
    classes = class_axis.static_size(tensors[0].shape, axis)
    if classes is None or classes < _FEWEST_CLASSES or not backends.only_cpus():
        return tf.reduce_sum(function(*tensors), axis, keepdims=True)
    size, remainder = divmod(classes, _PIECES)
    sizes = [size] * _PIECES + [remainder] * bool(remainder)
    parts = [function(*pieces) for pieces in zip(*(tf.split(x, sizes, axis) for x in tensors))]
    total = _sum_of_part(_added_in_pairs(parts[:_PIECES]), axis)
    for rest in parts[_PIECES:]:
        total += _sum_of_part(rest, axis)
    return total


def _sum_of_part(terms: tf.Tensor, axis: int) -> tf.Tensor:
    dtype = terms.dtype
    if terms.shape.as_list()[axis] >= _LONG_PART:
        # One after the other, in float32, would be less exact than TF1.
        terms = tf.cast(terms, tf.float64)
    return tf.cast(tf.reduce_sum(terms, axis, keepdims=True), dtype)


def _added_in_pairs(terms: List[tf.Tensor]) -> tf.Tensor:
    while len(terms) > 1:
        terms = [one + other for one, other in zip(terms[::2], terms[1::2])]
    return terms[0]


def _checked(
    spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
) -> Tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Checks the shapes, which XLA knows when it compiles. It leaves assertions out."""
    if not (logits.shape.is_fully_defined() and labels.shape.is_fully_defined()):
        labels = checks.of_the_same_shape(labels, logits)
    return logits, labels, operands.checked_weights(spec, logits, weights)
