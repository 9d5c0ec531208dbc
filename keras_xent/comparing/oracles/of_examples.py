"""The common part of the oracles of `tf.compat.v1.nn`: one loss for each example."""

from __future__ import annotations

import abc
from typing import Any

import tensorflow as tf

from keras_xent.comparing import exactness
from keras_xent.comparing.magnitudes.examples import Examples
from keras_xent.comparing.oracles.oracle import Oracle


class OfExamples(Oracle):
    """A function of labels and logits that returns the losses."""

    inputs = ("labels", "logits")

    @abc.abstractmethod
    def examples(self, labels: tf.Tensor, logits: tf.Tensor) -> Examples:
        """The magnitudes."""

    def value_tolerance(self, *inputs: tf.Tensor) -> tf.Tensor:
        examples = self.examples(*inputs)
        return examples.epsilon * examples.losses + exactness.tiny(inputs[1])

    def gradient_tolerances(self, upstream: tf.Tensor, *inputs: tf.Tensor) -> list[Any]:
        examples = self.examples(*inputs)
        to_losses = examples.to_logits(tf.cast(tf.abs(upstream), examples.losses.dtype))
        return [
            None
            if magnitudes is None
            else examples.epsilon * to_losses * magnitudes + exactness.tiny(inputs[1])
            for magnitudes in (examples.labels_gradient, examples.logits_gradient)
        ]
