"""The oracle of `v1.softmax_cross_entropy`."""

from __future__ import annotations

import dataclasses
from typing import Any

import tensorflow as tf

from keras_xent.comparing.difference import Pieces
from keras_xent.comparing.magnitudes.examples import Examples
from keras_xent.comparing.magnitudes.softmax import of_softmax
from keras_xent.comparing.oracles import infinite_logits
from keras_xent.comparing.oracles.oracle import oracle_of
from keras_xent.comparing.oracles.weighted import Weighted
from keras_xent.reduction import Reduction


@oracle_of("softmax_cross_entropy")
@dataclasses.dataclass(frozen=True)
class SoftmaxCrossEntropy(Weighted):
    """`tf.compat.v1.losses.softmax_cross_entropy`."""

    label_smoothing: float
    reduction: Reduction

    theirs = "tf.compat.v1.losses.softmax_cross_entropy"
    inputs = ("onehot_labels", "logits", "weights")

    def _call(self, *inputs: tf.Tensor, **arguments: Any) -> tf.Tensor:
        return tf.compat.v1.losses.softmax_cross_entropy(*inputs, **arguments)

    def examples(self, labels: tf.Tensor, logits: tf.Tensor) -> Examples:
        examples = of_softmax(labels, logits, -1, self.label_smoothing, weighted=True)
        # TensorFlow stops the gradient with respect to the labels.
        return dataclasses.replace(examples, labels_gradient=None)

    def known_differences(self, *inputs: tf.Tensor) -> Pieces:
        return [*infinite_logits.of_softmax(inputs[1]), *super().known_differences(*inputs)]
