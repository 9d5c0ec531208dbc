"""The magnitudes of the terms of a softmax cross entropy."""

from __future__ import annotations

import tensorflow as tf

from keras_xent.comparing import exactness
from keras_xent.comparing.magnitudes.examples import Examples


def of_softmax(
    labels: tf.Tensor, logits: tf.Tensor, axis: int, label_smoothing: float, weighted: bool
) -> Examples:
    """The magnitudes for labels and logits of the same shape, or of shapes that broadcast."""
    x, y = tf.cast(logits, tf.float64), tf.cast(labels, tf.float64)
    x, y = x + tf.zeros_like(y), y + tf.zeros_like(x)
    classes = tf.shape(x)[axis]
    y = y * (1 - label_smoothing)
    y = tf.abs(y + label_smoothing / tf.cast(classes, tf.float64))
    below = x - tf.reduce_max(x, axis, keepdims=True)
    sum_of_exps = tf.reduce_sum(tf.exp(below), axis, keepdims=True)
    # The two parts of -log(p), plus 1, because the argument of log is rounded relative to 1.
    log_p = tf.abs(below) + tf.math.log(sum_of_exps) + 1
    p = tf.exp(below) / sum_of_exps
    # The error of exp(x) is proportional to x.
    p_error = tf.where(tf.math.is_finite(below), p * (1 + tf.abs(below)), p)
    return Examples(
        exactness.epsilon(logits, classes, weighted),
        tf.reduce_sum(tf.math.multiply_no_nan(log_p, y), axis),
        p_error + y,
        log_p,
        axis,
    )
