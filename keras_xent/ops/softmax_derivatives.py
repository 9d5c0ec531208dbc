"""The softmax and its derivatives, along any axis of logits of any rank."""

from __future__ import annotations

import tensorflow as tf

from keras_xent.ops import class_axis


def softmax(logits: tf.Tensor, axis: int) -> tf.Tensor:
    """`tf.nn.softmax`, which also accepts logits of unknown rank."""
    if logits.shape.rank is None and axis != -1:
        return tf.exp(log_softmax(logits, axis))
    return tf.nn.softmax(logits, axis)


def log_softmax(logits: tf.Tensor, axis: int) -> tf.Tensor:
    """`tf.nn.log_softmax`, which also accepts logits of unknown rank."""
    # TensorFlow's function transposes the logits, which needs a known rank.
    if logits.shape.rank is None and axis != -1:
        return logits - tf.reduce_logsumexp(logits, axis, keepdims=True)
    return tf.nn.log_softmax(logits, axis)


def product_with_jacobian(
    v: tf.Tensor, logits: tf.Tensor, coefficients: tf.Tensor, axis: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """The softmax p, and the derivative of coefficients * p with respect to the logits, times v.

    That is c * (v * p - p * sum(v * p)), which doesn't need the [N, C, C] Jacobian.
    """
    p = softmax(logits, axis)
    c = class_axis.beside_classes(coefficients, axis)
    mean = tf.reduce_sum(v * p, axis, keepdims=True)
    return p, c * p * (v - mean)
