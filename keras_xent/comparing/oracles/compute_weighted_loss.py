"""The oracle of `v1.compute_weighted_loss`."""

from __future__ import annotations

import dataclasses
from typing import Any

import tensorflow as tf

from keras_xent.comparing import exactness
from keras_xent.comparing.difference import Pieces
from keras_xent.comparing.magnitudes.weighting import Weighting
from keras_xent.comparing.oracles.oracle import oracle_of
from keras_xent.comparing.oracles.weighted import Reduced, rounding_of_weighted
from keras_xent.reduction import Reduction


@oracle_of("compute_weighted_loss")
@dataclasses.dataclass(frozen=True)
class ComputeWeightedLoss(Reduced):
    """`tf.compat.v1.losses.compute_weighted_loss`."""

    reduction: Reduction

    theirs = "tf.compat.v1.losses.compute_weighted_loss"
    inputs = ("losses", "weights")

    def _call(self, *inputs: tf.Tensor, **arguments: Any) -> tf.Tensor:
        return tf.compat.v1.losses.compute_weighted_loss(*inputs, **arguments)

    def value_tolerance(self, *inputs: tf.Tensor) -> tf.Tensor:
        magnitudes, weighted = self._magnitudes(*inputs)
        losses = inputs[0]
        # An integer result is truncated: 2.999 becomes 2.
        floor = exactness.tiny(losses) if losses.dtype.is_floating else 1.0
        return exactness.epsilon(losses, 1, weighted=True) * weighted.of_value(magnitudes) + floor

    def gradient_tolerances(self, upstream: tf.Tensor, *inputs: tf.Tensor) -> list[Any]:
        magnitudes, weighted = self._magnitudes(*inputs)
        losses = inputs[0]
        upstream = tf.cast(tf.abs(upstream), magnitudes.dtype)
        epsilon = exactness.epsilon(losses, 1, weighted=True)
        to_losses = upstream * weighted.of_losses_gradient()
        to_weights = weighted.of_weights_gradient(upstream, magnitudes)
        return [
            epsilon * to_losses + exactness.tiny(losses),
            epsilon * to_weights + exactness.tiny(losses),
        ]

    def known_differences(self, *inputs: tf.Tensor) -> Pieces:
        return rounding_of_weighted(inputs[0])

    def _magnitudes(self, losses: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, Weighting]:
        magnitudes = tf.abs(tf.cast(losses, tf.float64))
        return magnitudes, Weighting(magnitudes, weights, self.reduction)
