"""The common part of the oracles of `tf.compat.v1.losses`: weights and a reduction."""

from __future__ import annotations

import abc
from typing import Any

import tensorflow as tf

from keras_xent import _tensorflow
from keras_xent.comparing import exactness
from keras_xent.comparing.difference import Pieces
from keras_xent.comparing.magnitudes.examples import Examples
from keras_xent.comparing.magnitudes.weighting import Weighting
from keras_xent.comparing.oracles.oracle import Oracle
from keras_xent.reduction import Reduction


class Reduced(Oracle):
    """A function that weights and reduces losses."""

    reduction: Reduction

    @abc.abstractmethod
    def _call(self, *inputs: tf.Tensor, **arguments: Any) -> tf.Tensor:
        """Calls TensorFlow's function with these arguments."""

    def value(self, *inputs: tf.Tensor) -> tf.Tensor:
        # A backward pass calls this too, perhaps after other losses have set the reduction.
        with _tensorflow.last_loss_reduction_kept():
            return self._call(*inputs, loss_collection=None, **self.arguments)


class Weighted(Reduced):
    """A function that weights and reduces the losses of labels and logits."""

    @abc.abstractmethod
    def examples(self, labels: tf.Tensor, logits: tf.Tensor) -> Examples:
        """The magnitudes."""

    def value_tolerance(self, *inputs: tf.Tensor) -> tf.Tensor:
        examples, weighted = self._magnitudes(*inputs)
        return examples.epsilon * weighted.of_value(examples.losses) + exactness.tiny(inputs[1])

    def gradient_tolerances(self, upstream: tf.Tensor, *inputs: tf.Tensor) -> list[Any]:
        examples, weighted = self._magnitudes(*inputs)
        upstream = tf.cast(tf.abs(upstream), examples.losses.dtype)
        to_losses = examples.to_logits(upstream * weighted.of_losses_gradient())
        labels_gradient = examples.labels_gradient
        magnitudes = [
            None if labels_gradient is None else to_losses * labels_gradient,
            to_losses * examples.logits_gradient,
            weighted.of_weights_gradient(upstream, examples.losses),
        ]
        return [
            None if each is None else examples.epsilon * each + exactness.tiny(inputs[1])
            for each in magnitudes
        ]

    def known_differences(self, *inputs: tf.Tensor) -> Pieces:
        return rounding_of_weighted(inputs[1])

    def _magnitudes(
        self, labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor
    ) -> tuple[Examples, Weighting]:
        examples = self.examples(labels, logits)
        return examples, Weighting(examples.losses, weights, self.reduction)


def rounding_of_weighted(tensor: tf.Tensor) -> Pieces:
    """How TensorFlow rounds losses of the tensor's dtype before it weights them."""
    if tensor.dtype == tf.float64:
        return ["\n  TensorFlow rounds weighted float64 losses to float32"]
    if tensor.dtype in (tf.float16, tf.bfloat16):
        name = tensor.dtype.name
        return [f"\n  TensorFlow rounds every loss to {name} before weighting it"]
    return []
