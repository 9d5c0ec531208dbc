"""Describes infinite logits. TensorFlow often returns NaN for them."""

from __future__ import annotations

import tensorflow as tf

from keras_xent.comparing.difference import Pieces


def of_softmax(logits: tf.Tensor) -> Pieces:
    """The number of logits that are -inf, with an explanation."""
    infinite = tf.equal(tf.cast(logits, tf.float64), -float("inf"))
    return [
        "\n  logits that are -inf:",
        tf.math.count_nonzero(infinite),
        "(if TensorFlow's number is nan, the difference may be intended: for a label of 0, "
        "TensorFlow computes 0 * inf, and keras_xent returns the finite value)",
    ]


def of_sigmoid(logits: tf.Tensor) -> Pieces:
    """The number of infinite logits, with an explanation."""
    infinite = tf.math.is_inf(tf.cast(logits, tf.float64))
    return [
        "\n  infinite logits:",
        tf.math.count_nonzero(infinite),
        "(if TensorFlow's number is nan, the difference may be intended: for such a logit, "
        "TensorFlow can compute 0 * inf or inf - inf, and keras_xent returns the limit)",
    ]
