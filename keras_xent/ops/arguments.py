"""Checks the functions' arguments, as far as they are known before a graph runs."""

from __future__ import annotations

import operator
from typing import Any

import tensorflow as tf

from keras_xent.ops import conversion, weighting
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.spec import Spec

_DTYPES = (tf.float16, tf.bfloat16, tf.float32, tf.float64)
_INT64 = range(tf.int64.min, tf.int64.max + 1)


def logits_of(logits: Any) -> tf.Tensor:
    """The logits as a tensor.

    Raises:
        TypeError: they aren't floating point numbers.
    """
    logits = conversion.to_tensor(logits, "logits")
    if logits.dtype not in _DTYPES:
        raise TypeError(
            f"logits have dtype {logits.dtype.name}, expected one of "
            f"{[dtype.name for dtype in _DTYPES]}: cast them"
        )
    return logits


def converted(value: Any, name: str, dtype: tf.DType) -> tf.Tensor:
    """The value as a tensor of that dtype."""
    if isinstance(value, tf.Tensor) and value.dtype is dtype:
        return value
    # tf.cast alone would return a variable of that dtype unchanged, and convert Python's numbers
    # to float32 first.
    return tf.cast(conversion.to_tensor(value, name, dtype), dtype)


def weights_of(weights: Any, logits: tf.Tensor) -> tf.Tensor:
    """The weights as a tensor, in the dtype of the arithmetic for these logits."""
    return converted(weights, "weights", spec_lib.real_dtype(logits.dtype))


def check_weights(weights: tf.Tensor, spec: Spec, logits_shape: tf.TensorShape) -> None:
    """Checks static shapes.

    Raises:
        ValueError: the weights can't be broadcast to the losses.
    """
    weights_shape = weights.shape
    if weights_shape.rank != 0:
        losses_shape = spec_lib.static_losses_shape(logits_shape, spec.axis)
        weighting.check_weights(weights_shape, losses_shape)


def smoothing_of(label_smoothing: Any) -> float:
    """The label smoothing as a float.

    Raises:
        TypeError: it isn't a number.
        ValueError: it isn't in [0, 1].
    """
    smoothing = conversion.to_float(label_smoothing, "label_smoothing")
    if not 0 <= smoothing <= 1:
        raise ValueError(f"label_smoothing is {smoothing}, expected a number in [0, 1]")
    return smoothing


def ignored_class_of(ignore_class: Any) -> int | None:
    """The class to ignore, as an int, or None.

    Raises:
        TypeError: it isn't an integer.
        ValueError: it doesn't fit in int64, so no label can have it.
    """
    if ignore_class is None:
        return None
    if isinstance(ignore_class, bool) or not hasattr(ignore_class, "__index__"):
        raise TypeError(
            f"ignore_class is {ignore_class!r} of type {type(ignore_class).__name__}, expected an "
            "int (the id of the class to ignore) or None"
        )
    ignore_class = operator.index(ignore_class)
    if ignore_class not in _INT64:
        raise ValueError(f"ignore_class is {ignore_class}, expected an int that fits in int64")
    return ignore_class


def same_shape(logits: tf.Tensor, labels: tf.Tensor, advice: str) -> tf.TensorShape:
    """The static shape of logits and labels, which must be the same.

    Raises:
        ValueError: their shapes differ. The error ends with the advice.
    """
    shape, labels_shape = logits.shape, labels.shape
    if tf.executing_eagerly() and shape == labels_shape:
        return shape
    if not shape.is_compatible_with(labels_shape):
        raise ValueError(
            f"logits and labels must have the same shape: the logits have shape {shape} and the "
            f"labels have shape {labels_shape}. {advice}"
        )
    return shape.merge_with(labels_shape)


def class_axis_of(axis: Any, shape: tf.TensorShape) -> int:
    """The class axis as an int, for logits of that shape.

    Raises:
        ValueError: the logits don't have this axis.
    """
    axis = operator.index(axis)
    rank = shape.rank
    if rank == 0:
        raise ValueError("logits are a scalar, expected rank 1 or more: they need a class axis")
    if rank is not None and not -rank <= axis < rank:
        raise ValueError(
            f"axis is {axis}, expected an int in [{-rank}, {rank}) for logits of shape {shape}"
        )
    return axis
