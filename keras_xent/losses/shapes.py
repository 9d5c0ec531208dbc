"""Shapes that have to be the same, as TensorFlow would repeat a tensor that has a 1 there."""

from __future__ import annotations

import tensorflow as tf

from keras_xent.ops import checks

# What to say of labels that don't have the predictions' shape.
SAME_SHAPE = "y_true and y_pred must have the same shape: y_pred's and y_true's are"


def of_shape(
    tensor: tf.Tensor, wanted: tf.Tensor, known: tf.TensorShape, message: str
) -> tf.Tensor:
    """The tensor, if it has that shape.

    Args:
        tensor: any.
        wanted: the shape.
        known: what is known of that shape before the graph runs.
        message: what to say otherwise, before the shape that is wanted and the one that came.

    Raises:
        ValueError: it has another one.
        tf.errors.InvalidArgumentError: the same when a graph runs.
    """
    if not tensor.shape.is_compatible_with(known):
        raise ValueError(f"{message} {known} and {tensor.shape}")
    if tensor.shape.is_fully_defined() and known.is_fully_defined():
        return tensor
    with tf.control_dependencies([checks.assert_shape(tensor, wanted, message)]):
        return checks.of_shape(tensor, wanted, known)
