"""The magnitudes of the terms of a sparse softmax cross entropy."""

from __future__ import annotations

import dataclasses

import tensorflow as tf

from keras_xent.comparing.magnitudes.examples import Examples
from keras_xent.comparing.magnitudes.softmax import of_softmax


def of_sparse_softmax(labels: tf.Tensor, logits: tf.Tensor, weighted: bool) -> Examples:
    """The magnitudes for class ids. Ids out of range have none: they raise errors or return NaN."""
    one_hot = tf.one_hot(labels, tf.shape(logits)[-1], dtype=tf.float64)
    examples = of_softmax(one_hot, logits, -1, 0.0, weighted)
    return dataclasses.replace(examples, labels_gradient=None)
