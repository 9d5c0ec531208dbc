"""TF1's loss, as TensorFlow 2 still has it. It knows no class axis but the last."""

from __future__ import annotations

import tensorflow as tf

from benchmarks.contenders.tensorflow_contender import Step, TensorFlowContender
from benchmarks.setups import Setup


def loss(setup: Setup) -> Step:
    """TF1's loss with its default reduction."""
    return lambda logits, labels, weights: tf.compat.v1.losses.softmax_cross_entropy(
        labels, logits, weights, label_smoothing=setup.label_smoothing
    )


CONTENDER = TensorFlowContender("v1", loss)
