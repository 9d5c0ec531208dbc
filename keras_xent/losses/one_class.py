"""The warning about predictions with one class."""

from __future__ import annotations

import tensorflow as tf

from keras_xent.losses.warning import warn_of_call


def warn_of_one_class(predictions: tf.Tensor, axis: int) -> None:
    """Warns like Keras about a last axis of size 1, and also about a class axis of size 1."""
    shape = predictions.shape
    one_class = _has_one_class(shape, axis)
    if not one_class and not (shape.rank and shape[-1] == 1):
        return
    message = (
        "In loss categorical_crossentropy, expected y_pred.shape to be (batch_size, "
        f"num_classes) with num_classes > 1. Received: y_pred.shape={shape}. Consider using "
        "'binary_crossentropy' if you only have 2 classes."
    )
    if one_class:
        message += f" With one class along axis {axis}, the loss of logits is always 0."
    warn_of_call(message, SyntaxWarning)


def warn_of_one_class_of_ids(predictions: tf.Tensor, axis: int) -> None:
    """Warns about one class. Keras's loss for class ids doesn't."""
    if _has_one_class(predictions.shape, axis):
        warn_of_call(
            f"y_pred has shape {predictions.shape} and one class along axis {axis}, so the loss "
            "is always 0. If you have two classes, use BinaryCrossentropy.",
            SyntaxWarning,
        )


def _has_one_class(shape: tf.TensorShape, axis: int) -> bool:
    return bool(shape.rank) and -shape.rank <= axis < shape.rank and shape[axis] == 1
