"""Compares two tensors that should be equal."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_xent.comparing.difference import Pieces


def compare(ours: tf.Tensor, theirs: tf.Tensor, tolerance: Any) -> tuple[tf.Tensor, Pieces]:
    """Compares shapes and numbers.

    Args:
        ours: a tensor.
        theirs: the expected tensor.
        tolerance: the allowed difference, a tensor that broadcasts to `theirs`.

    Returns:
        Whether the tensors are equal within the tolerance, and a description of the element with
        the largest difference. Eagerly, equal tensors have no description.
    """
    shapes_equal, arrays = _flat(ours, theirs, tolerance)
    ours_flat, theirs_flat, allowed = arrays
    difference = tf.abs(ours_flat - theirs_flat)
    finite = tf.math.is_finite(difference)
    close = (
        tf.equal(ours_flat, theirs_flat)
        | (tf.math.is_nan(ours_flat) & tf.math.is_nan(theirs_flat))
        | (finite & (difference <= allowed))
    )
    same = shapes_equal & tf.reduce_all(close)
    if tf.executing_eagerly() and same:
        return same, []
    # argmax doesn't find NaN, so replace it by the largest number.
    largest = tf.constant(float(theirs.dtype.max), tf.float64)
    worst_first = tf.where(finite, difference, largest)
    worst = tf.argmax(tf.where(close, tf.zeros([], tf.float64), worst_first))
    pieces = [
        "\n  keras_xent",
        tf.gather(ours_flat, worst),
        ", TensorFlow",
        tf.gather(theirs_flat, worst),
        ", tolerance",
        tf.gather(allowed, worst),
        "\n  at flat index",
        worst,
        "; elements that differ:",
        tf.math.count_nonzero(~close),
        "of",
        tf.size(theirs),
        "\n  shapes: keras_xent",
        tf.shape(ours),
        ", TensorFlow",
        tf.shape(theirs),
    ]
    return same, pieces


def _flat(
    ours: tf.Tensor, theirs: tf.Tensor, tolerance: Any
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Whether the shapes are equal, and the numbers, the expected ones and the tolerance, flat."""
    shape = theirs.shape
    tolerance = tf.cast(tolerance, tf.float64)
    known = shape.is_fully_defined() and ours.shape == shape
    if not known or tolerance.shape != shape:
        tolerance = tf.broadcast_to(tolerance, tf.shape(theirs))
    arrays = [
        tf.reshape(tf.cast(tensor, tf.float64), [-1]) for tensor in (ours, theirs, tolerance)
    ]
    if known and shape.num_elements():
        return tf.constant(True), arrays
    # If the shapes differ, only the common number of elements is compared. An element is added,
    # because argmax fails for an empty tensor.
    size = tf.minimum(tf.size(ours), tf.size(theirs))
    arrays = [tf.concat([tf.slice(array, [0], [size]), [0.0]], 0) for array in arrays]
    return _same_shape(ours, theirs), arrays


def _same_shape(ours: tf.Tensor, theirs: tf.Tensor) -> tf.Tensor:
    shape, other = tf.shape(ours), tf.shape(theirs)
    rank = tf.minimum(tf.size(shape), tf.size(other))
    same_dims = tf.reduce_all(tf.equal(tf.slice(shape, [0], [rank]), tf.slice(other, [0], [rank])))
    return tf.equal(tf.size(shape), tf.size(other)) & same_dims
