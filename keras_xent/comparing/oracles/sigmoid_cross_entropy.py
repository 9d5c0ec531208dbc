"""The oracles of `v1.sigmoid_cross_entropy` and of its nn function."""

from __future__ import annotations

import dataclasses
from typing import Any

import tensorflow as tf

from keras_xent.comparing.difference import Pieces
from keras_xent.comparing.magnitudes.examples import Examples
from keras_xent.comparing.magnitudes.sigmoid import of_sigmoid
from keras_xent.comparing.oracles import infinite_logits
from keras_xent.comparing.oracles.of_examples import OfExamples
from keras_xent.comparing.oracles.oracle import oracle_of
from keras_xent.comparing.oracles.weighted import Weighted
from keras_xent.reduction import Reduction


@oracle_of("sigmoid_cross_entropy")
@dataclasses.dataclass(frozen=True)
class SigmoidCrossEntropy(Weighted):
    """`tf.compat.v1.losses.sigmoid_cross_entropy`."""

    label_smoothing: float
    reduction: Reduction

    theirs = "tf.compat.v1.losses.sigmoid_cross_entropy"
    inputs = ("multi_class_labels", "logits", "weights")

    def _call(self, *inputs: tf.Tensor, **arguments: Any) -> tf.Tensor:
        return tf.compat.v1.losses.sigmoid_cross_entropy(*inputs, **arguments)

    def examples(self, labels: tf.Tensor, logits: tf.Tensor) -> Examples:
        return of_sigmoid(labels, logits, self.label_smoothing, weighted=True)

    def known_differences(self, *inputs: tf.Tensor) -> Pieces:
        return [*infinite_logits.of_sigmoid(inputs[1]), *super().known_differences(*inputs)]


@oracle_of("sigmoid_cross_entropy_with_logits")
@dataclasses.dataclass(frozen=True)
class SigmoidCrossEntropyWithLogits(OfExamples):
    """`tf.compat.v1.nn.sigmoid_cross_entropy_with_logits`."""

    theirs = "tf.compat.v1.nn.sigmoid_cross_entropy_with_logits"

    def value(self, *inputs: tf.Tensor) -> tf.Tensor:
        labels, logits = inputs
        return tf.compat.v1.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.cast(labels, logits.dtype), logits=logits
        )

    def examples(self, labels: tf.Tensor, logits: tf.Tensor) -> Examples:
        return of_sigmoid(labels, logits, 0.0, weighted=False)

    def known_differences(self, *inputs: tf.Tensor) -> Pieces:
        return infinite_logits.of_sigmoid(inputs[1])
