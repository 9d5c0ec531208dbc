"""Labels, weights and coefficients as the portable steps and those for XLA need them."""

from __future__ import annotations

from typing import Tuple

import tensorflow as tf

from keras_xent.ops import checks, weighting
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.loss_op import LossOp
from keras_xent.ops.spec import Spec


def checked_labels(
    op: LossOp, spec: Spec, logits: tf.Tensor, labels: tf.Tensor
) -> Tuple[tf.Tensor, tf.Tensor]:
    """Logits and labels, whose real shapes are checked where the static ones do not tell."""
    if _are_known_to_fit(logits, labels):
        return logits, labels
    shape = op.labels_shape(spec, logits)
    with tf.control_dependencies([checks.assert_shape(labels, shape, op.labels_rule)]):
        logits = tf.identity(logits)
    # If XLA compiles this, it leaves the assertion out.
    return logits, labels_of_their_shape(op, spec, logits, labels)


def labels_of_their_shape(
    op: LossOp, spec: Spec, logits: tf.Tensor, labels: tf.Tensor
) -> tf.Tensor:
    """The labels, by an op that fails if their shape is wrong, under XLA too."""
    if _are_known_to_fit(logits, labels):
        return labels
    known = op.known_labels_shape(spec, logits.shape)
    return checks.of_shape(labels, op.labels_shape(spec, logits), known)


def checked_weights(spec: Spec, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """The weights (or coefficients): a scalar, or of the losses' rank.

    If the static shapes don't tell whether they fit, ops that fail check it.
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


def _are_known_to_fit(logits: tf.Tensor, labels: tf.Tensor) -> bool:
    # Whoever made the op has checked static shapes.
    return bool(logits.shape.is_fully_defined() and labels.shape.is_fully_defined())
