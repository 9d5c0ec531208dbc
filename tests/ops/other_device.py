"""Losses and gradients on a device that is no CPU, in a session that places nothing elsewhere.

Run as a program with TF_XLA_FLAGS=--tf_xla_enable_xla_devices: XLA's own device has about the
kernels of a GPU, and is there on every machine. Prints the largest difference from TF1's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

import keras_xent

tf1 = tf.compat.v1
RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(size=(3, 4)).astype("f")
LABELS = RANDOM.dirichlet(np.ones(4), size=3).astype("f")
WEIGHTS = np.array([1.0, 0.0, 2.0], "f")


def results(functions: Any, shape: Any, device: str = "/device:XLA_CPU:0") -> list[np.ndarray]:
    """The losses of the three functions, and the gradients of logits and weights."""
    with tf.Graph().as_default():
        logits, labels, weights = (
            tf1.placeholder(tf.float32, known) for known in (shape, shape, shape and shape[:1])
        )
        with tf.device(device):
            weighted = functions.softmax_cross_entropy(labels, logits, weights, label_smoothing=0.1)
            losses = functions.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)
            total = weighted + functions.compute_weighted_loss(losses, weights)
            gradients = tf.gradients(total, [logits, weights])
        options = tf1.ConfigProto(allow_soft_placement=False)
        with tf1.Session(config=options) as session:
            feed = {logits: LOGITS, labels: LABELS, weights: WEIGHTS}
            return session.run([weighted, losses, total, *gradients], feed)


class TF1:
    """TensorFlow's own."""

    softmax_cross_entropy = tf1.losses.softmax_cross_entropy
    softmax_cross_entropy_with_logits_v2 = tf1.nn.softmax_cross_entropy_with_logits_v2
    compute_weighted_loss = tf1.losses.compute_weighted_loss


expected = results(TF1, [3, 4], "/device:CPU:0")
worst = 0.0
for backend, shape in (("auto", None), ("portable", [3, 4])):
    keras_xent.set_backend(backend)
    for ours, theirs in zip(results(keras_xent.v1, shape), expected):
        worst = max(worst, float(np.abs(ours - theirs).max()))
print("largest difference", worst)
