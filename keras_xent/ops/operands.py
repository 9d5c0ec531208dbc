"""What the portable steps make of their weights."""

from __future__ import annotations

import tensorflow as tf

from keras_xent.ops import spec as spec_lib
from keras_xent.ops import weighting
from keras_xent.ops.spec import Spec


def checked_weights(spec: Spec, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """The weights (or coefficients): a scalar, or of the losses' rank.

    Where the static shapes do not tell whether they fit, an assertion goes with them. XLA leaves
    it out.
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
