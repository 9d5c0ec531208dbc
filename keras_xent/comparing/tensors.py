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
        the largest difference.
    """
    shapes_equal = _same_shape(ours, theirs)
    tolerance = tf.broadcast_to(tf.cast(tolerance, tf.float64), tf.shape(theirs))
    # If the shapes differ, only the common number of elements is compared. An element is added,
    # because argmax fails for an empty tensor.
    size = tf.minimum(tf.size(ours), tf.size(theirs))
    ours_flat, theirs_flat, tolerance = (
        tf.concat([tf.reshape(tf.cast(tensor, tf.float64), [-1])[:size], [0.0]], 0)
        for tensor in (ours, theirs, tolerance)
    )
    difference = tf.abs(ours_flat - theirs_flat)
    nothing = tf.zeros_like(difference)
    close = (
        tf.equal(ours_flat, theirs_flat)
        | (tf.math.is_nan(ours_flat) & tf.math.is_nan(theirs_flat))
        | (tf.math.is_finite(difference) & (difference <= tolerance))
    )
    # argmax doesn't find NaN, so replace it by the largest number.
    worst_first = tf.where(tf.math.is_finite(difference), difference, theirs.dtype.max + nothing)
    worst = tf.argmax(tf.where(close, nothing, worst_first))
    pieces = [
        "\n  keras_xent",
        ours_flat[worst],
        ", TensorFlow",
        theirs_flat[worst],
        ", tolerance",
        tolerance[worst],
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
    return shapes_equal & tf.reduce_all(close), pieces


def _same_shape(ours: tf.Tensor, theirs: tf.Tensor) -> tf.Tensor:
    shape, other = tf.shape(ours), tf.shape(theirs)
    rank = tf.minimum(tf.size(shape), tf.size(other))
    same_dims = tf.reduce_all(tf.equal(shape[:rank], other[:rank]))
    return tf.equal(tf.size(shape), tf.size(other)) & same_dims
