"""Checks that shapes are equal, because TensorFlow would broadcast a dimension of 1."""

from __future__ import annotations

import tensorflow as tf

from keras_xent.ops import checks

# The error for labels that don't have the predictions' shape.
SAME_SHAPE = "y_pred and y_true must have the same shape: their shapes are"


def of_shape(
    tensor: tf.Tensor, wanted: tf.Tensor, known: tf.TensorShape, message: str
) -> tf.Tensor:
    """Returns the tensor if it has the wanted shape.

    Args:
        tensor: a tensor.
        wanted: the shape.
        known: the static part of that shape.
        message: the beginning of the error. The error adds the wanted shape and the tensor's shape.

    Raises:
        ValueError: it has another shape.
        tf.errors.InvalidArgumentError: it has another shape, which is known only when a graph runs.
    """
    if not tensor.shape.is_compatible_with(known):
        raise ValueError(f"{message} {known} and {tensor.shape}")
    if tensor.shape.is_fully_defined() and known.is_fully_defined():
        return tensor
    return checks.of_shape(tensor, wanted, known, message)
