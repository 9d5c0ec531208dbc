"""Sums over the classes, in ops that XLA compiles to fast code."""

from __future__ import annotations

from typing import Callable, NamedTuple

import tensorflow as tf

from keras_xent.ops import backends, class_axis

_PIECES = 8
_FEWEST_CLASSES = 64  # With fewer classes, splitting isn't faster.
_LONG_PART = 256


class LogSumExp(NamedTuple):
    """The parts of log(sum(exp(logits))), each with a class axis of size 1.

    Attributes:
        largest: the largest logit of each example.
        log_total: log(sum(exp(logits - largest))).
    """

    largest: tf.Tensor
    log_total: tf.Tensor

    @classmethod
    def of(cls, logits: tf.Tensor, axis: int) -> LogSumExp:
        """Computes them from logits."""
        largest = tf.reduce_max(logits, axis, keepdims=True)
        total = sum_over_classes(lambda part: tf.exp(part - largest), [logits], axis)
        return cls(largest, tf.math.log(total))


class Softmax(NamedTuple):
    """The parts of the softmax, and the log-sum-exp that the losses need.

    Attributes:
        log_sum_exp: the LogSumExp of the logits.
        exp: exp(logits - largest).
        inverse: 1 / sum(exp), with a class axis of size 1.
    """

    log_sum_exp: LogSumExp
    exp: tf.Tensor
    inverse: tf.Tensor

    @classmethod
    def of(cls, logits: tf.Tensor, axis: int) -> Softmax:
        """Computes them from logits.

        The gradient needs the exponentials anyway, so adding them up has no extra cost.
        """
        largest = tf.reduce_max(logits, axis, keepdims=True)
        exp = tf.exp(logits - largest)
        total = tf.reduce_sum(exp, axis, keepdims=True)
        return cls(LogSumExp(largest, tf.math.log(total)), exp, 1 / total)


def sum_over_classes(
    function: Callable[..., tf.Tensor], tensors: list[tf.Tensor], axis: int
) -> tf.Tensor:
    """The sum over the classes of a function that is applied element by element.

    On a CPU, XLA writes all terms of a sum to memory before it adds them. So on CPUs, the terms are
    added in groups of eight classes as they are computed, and only the groups' sums are written.
    XLA fuses better on accelerators.
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
        # Adding so many terms one by one in float32 would be less exact than TF1.
        terms = tf.cast(terms, tf.float64)
    return tf.cast(tf.reduce_sum(terms, axis, keepdims=True), dtype)


def _added_in_pairs(terms: list[tf.Tensor]) -> tf.Tensor:
    while len(terms) > 1:
        terms = [one + other for one, other in zip(terms[::2], terms[1::2])]
    return terms[0]
