"""The logits behind probabilities that an activation made."""

from __future__ import annotations

from typing import Tuple

import tensorflow as tf

from keras_xent.losses.warning import warn_of_call


def cached_logits(
    y_pred: tf.Tensor, from_logits: bool, activation: str, loss_name: str
) -> Tuple[tf.Tensor, bool]:
    """The logits behind an activation's output, if Keras or the graph still has them.

    Keras does so too: for `from_logits=False` silently, for `from_logits=True` with a
    warning, as somebody took probabilities for logits.

    Args:
        y_pred: predictions.
        from_logits: whether the caller says that they are logits.
        activation: the type of TensorFlow's op: `"Softmax"` or `"Sigmoid"`.
        loss_name: the loss's class, for the warning.

    Returns:
        A tensor, and whether it holds logits.
    """
    logits = getattr(y_pred, "_keras_logits", None)
    if logits is None and _is_output(y_pred, activation):
        logits = y_pred.op.inputs[0]
    if logits is None:
        return y_pred, from_logits
    if from_logits:
        warn_of_call(
            f"{loss_name} has from_logits=True, but y_pred is the output of a {activation}: "
            "the logits before it are used, as Keras does. tf.compat.v1.losses takes such an "
            f"output for logits. Remove the {activation.lower()} or the argument.",
            UserWarning,
        )
    return logits, True


def _is_output(y_pred: tf.Tensor, op_type: str) -> bool:
    if tf.executing_eagerly() or not hasattr(y_pred, "op"):
        return False
    return bool(y_pred.op.type == op_type)
