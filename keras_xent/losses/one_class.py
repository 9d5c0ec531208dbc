"""The warning about predictions with one class."""

from __future__ import annotations

import tensorflow as tf

from keras_xent.losses.warning import warn_of_call


def warn_of_one_class(predictions: tf.Tensor, axis: int) -> None:
    """Warns where Keras does, in its words, and of one class along another axis."""
    shape = predictions.shape
    if not shape.rank:
        return
    one_class = -shape.rank <= axis < shape.rank and shape[axis] == 1
    if not one_class and shape[-1] != 1:
        return
    message = (
        "In loss categorical_crossentropy, expected y_pred.shape to be (batch_size, "
        f"num_classes) with num_classes > 1. Received: y_pred.shape={shape}. Consider using "
        "'binary_crossentropy' if you only have 2 classes."
    )
    if one_class:
        message += f" With one class along axis {axis} the loss of logits is always 0."
    warn_of_call(message, SyntaxWarning)
