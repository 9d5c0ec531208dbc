"""The oracles of `v1.sparse_softmax_cross_entropy` and of its nn function."""

from __future__ import annotations

import dataclasses
from typing import Any

import tensorflow as tf

from keras_xent.comparing.magnitudes.examples import Examples
from keras_xent.comparing.magnitudes.sparse_softmax import of_sparse_softmax
from keras_xent.comparing.oracles.of_examples import OfExamples
from keras_xent.comparing.oracles.oracle import oracle_of
from keras_xent.comparing.oracles.weighted import Weighted
from keras_xent.reduction import Reduction


@oracle_of("sparse_softmax_cross_entropy")
@dataclasses.dataclass(frozen=True)
class SparseSoftmaxCrossEntropy(Weighted):
    """`tf.compat.v1.losses.sparse_softmax_cross_entropy`."""

    reduction: Reduction

    theirs = "tf.compat.v1.losses.sparse_softmax_cross_entropy"
    inputs = ("labels", "logits", "weights")

    def _call(self, *inputs: tf.Tensor, **arguments: Any) -> tf.Tensor:
        return tf.compat.v1.losses.sparse_softmax_cross_entropy(*inputs, **arguments)

    def value_tolerance(self, *inputs: tf.Tensor) -> tf.Tensor:
        return super().value_tolerance(*squeezed(*inputs))

    def gradient_tolerances(self, upstream: tf.Tensor, *inputs: tf.Tensor) -> list[Any]:
        tolerances = super().gradient_tolerances(upstream, *squeezed(*inputs))
        return [
            None if tolerance is None else tf.reshape(tolerance, tf.shape(each))
            for tolerance, each in zip(tolerances, inputs)
        ]

    def examples(self, labels: tf.Tensor, logits: tf.Tensor) -> Examples:
        return of_sparse_softmax(labels, logits, weighted=True)


@oracle_of("sparse_softmax_cross_entropy_with_logits")
@dataclasses.dataclass(frozen=True)
class SparseSoftmaxCrossEntropyWithLogits(OfExamples):
    """`tf.compat.v1.nn.sparse_softmax_cross_entropy_with_logits`."""

    theirs = "tf.compat.v1.nn.sparse_softmax_cross_entropy_with_logits"

    def value(self, *inputs: tf.Tensor) -> tf.Tensor:
        labels, logits = inputs
        return tf.compat.v1.nn.sparse_softmax_cross_entropy_with_logits(
            labels=labels, logits=logits
        )

    def examples(self, labels: tf.Tensor, logits: tf.Tensor) -> Examples:
        return of_sparse_softmax(labels, logits, weighted=False)


def squeezed(
    labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """All three without an extra last dimension of 1.

    TensorFlow squeezes logits that have two dimensions more than the labels, and labels that have
    the same number of dimensions as the logits. Then it squeezes weights that have one dimension
    more than the labels.
    """
    logits = _cut(logits, tf.equal(tf.rank(logits) - tf.rank(labels), 2))
    labels = tf.reshape(labels, tf.shape(logits)[:-1])
    return labels, logits, _cut(weights, tf.equal(tf.rank(weights) - tf.rank(labels), 1))


def _cut(tensor: tf.Tensor, too_long: tf.Tensor) -> tf.Tensor:
    return tf.reshape(tensor, tf.shape(tensor)[: tf.rank(tensor) - tf.cast(too_long, tf.int32)])
