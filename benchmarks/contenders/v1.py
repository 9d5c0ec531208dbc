"""TF1's loss, as TensorFlow 2 still has it."""

from __future__ import annotations

import tensorflow as tf

from benchmarks.contenders.tensorflow_contender import Step, TensorFlowContender
from benchmarks.setups import Setup


def loss(setup: Setup) -> Step:
    """TF1's loss with its default reduction."""
    if setup.axis in (-1, len(setup.shape) - 1):
        return lambda logits, labels, weights: tf.compat.v1.losses.softmax_cross_entropy(
            labels, logits, weights, label_smoothing=setup.label_smoothing
        )
    return _along_another_axis(setup)


def _along_another_axis(setup: Setup) -> Step:
    """What a TF1 program does there, as the loss itself knows no axis but the last."""

    def by_hand(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        num_classes = tf.cast(tf.shape(labels)[setup.axis], labels.dtype)
        smooth = labels * (1 - setup.label_smoothing) + setup.label_smoothing / num_classes
        losses = tf.compat.v1.nn.softmax_cross_entropy_with_logits_v2(
            labels=tf.stop_gradient(smooth), logits=logits, axis=setup.axis
        )
        return tf.compat.v1.losses.compute_weighted_loss(losses, weights)

    return by_hand


CONTENDER = TensorFlowContender("v1", loss)
