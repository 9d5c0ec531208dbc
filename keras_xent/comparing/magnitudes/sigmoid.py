"""The magnitudes of the terms of a sigmoid cross entropy."""

from __future__ import annotations

import tensorflow as tf

from keras_xent.comparing import exactness
from keras_xent.comparing.magnitudes.examples import Examples


def of_sigmoid(
    labels: tf.Tensor, logits: tf.Tensor, label_smoothing: float, weighted: bool
) -> Examples:
    """The magnitudes for labels and logits of the same shape."""
    x, y = tf.cast(logits, tf.float64), tf.cast(labels, tf.float64)
    y = tf.abs(y) * (1 - label_smoothing) + label_smoothing / 2
    size = tf.abs(x)
    above = tf.maximum(x, 0)
    # TensorFlow adds max(x, 0), -x * y and log(1 + exp(-|x|)), and differentiates each term.
    tail = tf.exp(-size) / (1 + tf.exp(-size))
    # The error of exp(x) is proportional to x.
    tail_error = tf.where(tf.math.is_finite(x), tail * (1 + size), tail)
    return Examples(
        exactness.epsilon(logits, 1, weighted),
        above + tf.math.multiply_no_nan(size, y) + tf.math.log1p(tf.exp(-size)),
        tf.cast(x >= 0, x.dtype) + y + tail_error,
        size * (1 - label_smoothing),
        None,
    )
