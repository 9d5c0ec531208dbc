r"""How far right results may lie apart.

Rounding is relative to the terms of a sum, not to the sum: labels, weights and upstream
gradients may be negative (policy gradients weigh by advantages), and then a small result is
the difference of large ones. So a tolerance here is a few roundings times the sum of the
terms' magnitudes. It is computed from the inputs in float64, by the plain formulas, and uses
nothing of what it is there to test.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Union

import tensorflow as tf

from keras_xent.ops import weighting
from keras_xent.reduction import Reduction

# The distance between 1 and the next number.
_EPSILON = {tf.float16: 2.0**-10, tf.bfloat16: 2.0**-7, tf.float32: 2.0**-23, tf.float64: 2.0**-52}


def epsilon(tensor: tf.Tensor, classes: Any, weighted: bool) -> Union[float, tf.Tensor]:
    """The relative error to allow.

    float32 and float64: TensorFlow's error grows with the classes: measured in float32, its
    losses are off by 13 units in the last place with 32,000 classes and by 60 with 50,000,
    which 16 + sqrt(classes) bounds with room to spare. In 16 bits it rounds the labels that it
    smoothes, each loss and the result; and smoothed float16 labels may be as small as to have
    an absolute error. Weights and weighted losses it rounds to float32, float64 ones too.
    """
    if not tensor.dtype.is_floating:
        return 32 * _EPSILON[tf.float32]
    unit = _EPSILON[tensor.dtype]
    classes = tf.cast(classes, tf.float64)
    if tensor.dtype == tf.float16:
        return 4 * unit + classes * 2.0**-25
    if tensor.dtype == tf.bfloat16:
        return tf.constant(4 * unit, tf.float64)
    if weighted:
        unit = _EPSILON[tf.float32]
    return unit * (16 + tf.sqrt(classes))


def tiny(tensor: tf.Tensor) -> float:
    """An absolute error to allow: what is flushed to zero, or is rounded as a subnormal."""
    return 2.0**-23 if tensor.dtype == tf.float16 else 2.0**-120


@dataclasses.dataclass(frozen=True)
class Elements:
    """The magnitudes of what a cross entropy's elements are summed from.

    Attributes:
        epsilon: the relative error to allow.
        losses: of each element; the logits' shape without the class axis.
        logits_gradient: of the derivative of each loss, of the logits' shape. Where labels and
            logits are broadcast, of the shape of both, and so are the others.
        labels_gradient: the same with respect to the labels.
    """

    epsilon: Any
    losses: tf.Tensor
    logits_gradient: tf.Tensor
    labels_gradient: tf.Tensor

    @classmethod
    def of(
        cls, labels: tf.Tensor, logits: tf.Tensor, axis: int, label_smoothing: float, weighted: bool
    ) -> Elements:
        """Of labels and logits of the same shape, or of shapes that broadcast."""
        x, y = tf.cast(logits, tf.float64), tf.cast(labels, tf.float64)
        x, y = x + tf.zeros_like(y), y + tf.zeros_like(x)
        classes = tf.shape(x)[axis]
        y = y * (1 - label_smoothing)
        y = tf.abs(y + label_smoothing / tf.cast(classes, tf.float64))
        below = x - tf.reduce_max(x, axis, keepdims=True)
        sum_of_exps = tf.reduce_sum(tf.exp(below), axis, keepdims=True)
        # -log(p), from its two parts, and the 1 that log's argument is rounded beside.
        log_p = tf.abs(below) + tf.math.log(sum_of_exps) + 1
        p = tf.exp(below) / sum_of_exps
        # exp(x) is as inexact as x is large.
        p_error = tf.where(tf.math.is_finite(below), p * (1 + tf.abs(below)), p)
        return cls(
            epsilon(logits, classes, weighted),
            tf.reduce_sum(tf.math.multiply_no_nan(log_p, y), axis),
            p_error + y,
            log_p,
        )


class Weighting:
    """The magnitudes of what weighted losses are summed from.

    Args:
        losses: magnitudes, float64.
        weights: a scalar, or a tensor that broadcasts to the losses.
        reduction: the reduction.
    """

    def __init__(self, losses: tf.Tensor, weights: tf.Tensor, reduction: Reduction) -> None:
        self._reduction = reduction
        self._weights = tf.cast(weights, tf.float64)
        self._magnitudes = tf.abs(self._weights)
        each = tf.ones_like(losses) * self._weights
        denominator = {
            Reduction.SUM_OVER_BATCH_SIZE: lambda: tf.cast(tf.size(each), each.dtype),
            Reduction.SUM_BY_NONZERO_WEIGHTS: lambda: tf.math.count_nonzero(each, dtype=each.dtype),
            Reduction.MEAN: lambda: tf.abs(tf.reduce_sum(each)),
        }.get(reduction, lambda: tf.ones([], each.dtype))()
        self._share = tf.math.divide_no_nan(tf.ones([], each.dtype), denominator)
        # Weights of both signs: their sum is as inexact as its terms are large.
        self._amplified = (
            tf.maximum(tf.reduce_sum(tf.abs(each)) * self._share, 1)
            if reduction is Reduction.MEAN
            else tf.ones([], each.dtype)
        )

    def of_value(self, losses: tf.Tensor) -> tf.Tensor:
        """Of the reduced losses, whose magnitudes `losses` are."""
        weighted = tf.math.multiply_no_nan(losses, tf.ones_like(losses) * self._magnitudes)
        if self._reduction is not Reduction.NONE:
            weighted = tf.reduce_sum(weighted)
        return weighted * self._share * self._amplified

    def of_losses_gradient(self) -> tf.Tensor:
        """Of the derivative with respect to the losses."""
        return self._magnitudes * self._share * self._amplified

    def of_weights_gradient(self, upstream: tf.Tensor, losses: tf.Tensor) -> tf.Tensor:
        """Of the derivative with respect to the weights, times `upstream`."""
        terms = losses
        if self._reduction is Reduction.MEAN:
            terms = terms + self.of_value(losses)
        each = upstream * terms * self._share * self._amplified
        return weighting.sum_like(each, self._weights)
