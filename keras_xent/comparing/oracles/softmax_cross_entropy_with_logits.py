"""The oracles of `v1.softmax_cross_entropy_with_logits_v2` and of the older function."""

from __future__ import annotations

import dataclasses
from typing import Any

import tensorflow as tf

from keras_xent.comparing.difference import Pieces
from keras_xent.comparing.magnitudes.examples import Examples
from keras_xent.comparing.magnitudes.softmax import of_softmax
from keras_xent.comparing.oracles import infinite_logits
from keras_xent.comparing.oracles.of_examples import OfExamples
from keras_xent.comparing.oracles.oracle import gradients_of, oracle_of
from keras_xent.ops import broadcasting


@oracle_of("softmax_cross_entropy_with_logits_v2")
@dataclasses.dataclass(frozen=True)
class SoftmaxCrossEntropyWithLogitsV2(OfExamples):
    """`tf.compat.v1.nn.softmax_cross_entropy_with_logits_v2`."""

    axis: int

    theirs = "tf.compat.v1.nn.softmax_cross_entropy_with_logits_v2"

    def value(self, *inputs: tf.Tensor) -> tf.Tensor:
        labels, logits = self._of_one_shape(*inputs)
        axis = self.axis
        if axis < -1 and logits.shape.rank is not None:
            # The only negative axis that TensorFlow accepts is -1.
            axis += logits.shape.rank
        return self._call(labels, logits, axis)

    def gradient_tolerances(self, upstream: tf.Tensor, *inputs: tf.Tensor) -> list[Any]:
        tolerances = super().gradient_tolerances(upstream, *inputs)
        # The tolerances are summed over the broadcast dimensions, like the gradients.
        real = [tf.cast(each, tf.float64) for each in inputs]
        return gradients_of(self._of_one_shape, tolerances, real)

    def examples(self, labels: tf.Tensor, logits: tf.Tensor) -> Examples:
        labels, logits = self._of_one_shape(labels, logits)
        return of_softmax(labels, logits, self.axis, 0.0, weighted=False)

    def known_differences(self, *inputs: tf.Tensor) -> Pieces:
        return infinite_logits.of_softmax(inputs[1])

    def _call(self, labels: tf.Tensor, logits: tf.Tensor, axis: int) -> tf.Tensor:
        return tf.compat.v1.nn.softmax_cross_entropy_with_logits_v2(labels, logits, axis=axis)

    def _of_one_shape(
        self, labels: tf.Tensor, logits: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        # TensorFlow computes no gradient if its own kernel broadcasts the inputs.
        labels = tf.cast(labels, logits.dtype)
        logits, labels = broadcasting.to_one_shape(logits, labels, self.axis)
        return labels, logits


@oracle_of("softmax_cross_entropy_with_logits")
@dataclasses.dataclass(frozen=True)
class SoftmaxCrossEntropyWithLogits(SoftmaxCrossEntropyWithLogitsV2):
    """`tf.compat.v1.nn.softmax_cross_entropy_with_logits`, which stops the labels' gradient."""

    theirs = "tf.compat.v1.nn.softmax_cross_entropy_with_logits"

    def gradient_tolerances(self, upstream: tf.Tensor, *inputs: tf.Tensor) -> list[Any]:
        return [None, super().gradient_tolerances(upstream, *inputs)[1]]

    def _call(self, labels: tf.Tensor, logits: tf.Tensor, axis: int) -> tf.Tensor:
        return tf.compat.v1.nn.softmax_cross_entropy_with_logits(
            labels=labels, logits=logits, dim=axis
        )
