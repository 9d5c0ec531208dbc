"""Losses as people write them, for the tests of keras_xent.testing."""

from __future__ import annotations

import functools
from typing import Any

import tensorflow as tf

tf1_loss = tf.compat.v1.losses.softmax_cross_entropy
tf1_nn = tf.compat.v1.nn.softmax_cross_entropy_with_logits_v2
TF1_REDUCTIONS = sorted(set(tf.compat.v1.losses.Reduction.all()))
CLASSES = 5
# The fewest: to find the reason of a difference, the losses are called with one example at a time.
ROWS = 3

# What a program has that trains in float32, on labels that are data, a network that ends in
# logits.
PLAIN = {"dtypes": ["float32"], "labels_gradient": False, "softmax_output": False}


def tf1_with(**arguments: Any) -> Any:
    return functools.partial(tf1_loss, **arguments)


def each(labels: Any, logits: Any) -> Any:
    return tf.nn.softmax_cross_entropy_with_logits(labels, logits)


def weighted(labels: Any, logits: Any, weights: Any) -> Any:
    """The weighted losses, and the weights broadcast to them."""
    losses = each(labels, logits)
    weights = tf.ones_like(losses) * tf.cast(weights, tf.float32)
    return losses * weights, weights


def tf1_with_columns(labels: Any, logits: Any, weights: Any) -> Any:
    """TF1's sum, with the weights reshaped to what it takes."""
    weights = tf.convert_to_tensor(weights)
    if logits.shape.rank == 3 and weights.shape.rank == 1:
        weights = weights[:, tf.newaxis]
    if logits.shape.rank == 2 and weights.shape.rank == 2:
        weights = tf.squeeze(weights, -1)
    return tf1_loss(labels, logits, weights, reduction="weighted_sum")
