"""Weights and coefficients as the portable steps and those for XLA need them."""

from __future__ import annotations

import tensorflow as tf

from keras_xent.ops import spec as spec_lib
from keras_xent.ops import weighting
from keras_xent.ops.spec import Spec


def checked_weights(spec: Spec, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """The weights (or coefficients): a scalar, or of the losses' rank.

    If the static shapes don't tell whether they fit, they carry an assertion, which XLA drops.
    """
    shape = spec_lib.losses_shape(logits, spec.axis)
    static_shape = spec_lib.static_losses_shape(logits.shape, spec.axis)
    weights = weighting.checked_weights(weights, static_shape, shape)
    return weights if weights.shape.rank is not None else tf.broadcast_to(weights, shape)


def unscaled_coefficients(spec: Spec, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """The derivative of the value with respect to the losses."""
    return weighting.losses_gradient(
        tf.ones([], weights.dtype),
        weights,
        spec_lib.losses_shape(logits, spec.axis),
        spec.reduction,
    )
