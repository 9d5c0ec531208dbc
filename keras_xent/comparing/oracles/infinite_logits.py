"""What is said of infinite logits, of which TensorFlow makes NaN."""

from __future__ import annotations

import tensorflow as tf

from keras_xent.comparing.difference import Pieces


def of_softmax(logits: tf.Tensor) -> Pieces:
    """Of logits of -inf."""
    infinite = tf.equal(tf.cast(logits, tf.float64), -float("inf"))
    return [
        "\n  logits that are -inf:",
        tf.math.count_nonzero(infinite),
        "(if there are any and TensorFlow's number is nan: where the label of such a class "
        "is 0 TensorFlow computes 0 * inf, and keras_xent the finite value, on purpose)",
    ]


def of_sigmoid(logits: tf.Tensor) -> Pieces:
    """Of infinite logits."""
    infinite = tf.math.is_inf(tf.cast(logits, tf.float64))
    return [
        "\n  logits that are infinite:",
        tf.math.count_nonzero(infinite),
        "(if there are any and TensorFlow's number is nan: it computes 0 * inf or inf - inf where "
        "the label says so, too)",
    ]
