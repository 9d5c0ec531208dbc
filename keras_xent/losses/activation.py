"""Finds the logits from which an activation computed probabilities."""

from __future__ import annotations

import tensorflow as tf

from keras_xent.losses.warning import warn_of_call


def cached_logits(
    y_pred: tf.Tensor, from_logits: bool, activation: str, loss_name: str
) -> tuple[tf.Tensor, bool]:
    """The input of the activation, if Keras or the graph still has it. Otherwise the predictions.

    Keras's losses also use this input. They warn only if `from_logits` is True, because the caller
    then passed probabilities as logits.

    Args:
        y_pred: the predictions.
        from_logits: whether the caller passed `from_logits=True`.
        activation: the type of TensorFlow's op: `"Softmax"` or `"Sigmoid"`.
        loss_name: the name of the loss class, for the warning.

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
            f"{loss_name} has from_logits=True, but y_pred is the output of a {activation}. The "
            f"loss uses the logits before the {activation}, as in Keras. tf.compat.v1.losses would "
            f"use y_pred as logits. Remove the {activation.lower()} or from_logits=True.",
            UserWarning,
        )
    return logits, True


def _is_output(y_pred: tf.Tensor, op_type: str) -> bool:
    if tf.executing_eagerly() or not hasattr(y_pred, "op"):
        return False
    return bool(y_pred.op.type == op_type)
