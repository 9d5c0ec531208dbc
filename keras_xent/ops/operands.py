"""Converts labels, weights and coefficients to the form that the portable and XLA steps need."""

from __future__ import annotations

import tensorflow as tf

from keras_xent.ops import checks, weighting
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.loss_op import LossOp
from keras_xent.ops.spec import Spec


def checked_labels(
    op: LossOp, spec: Spec, logits: tf.Tensor, labels: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Logits and labels. If the static shapes are unknown, they are checked when the graph runs."""
    if _are_known_to_fit(logits, labels):
        return logits, labels
    shape = op.labels_shape(spec, logits)
    known = op.known_labels_shape(spec, logits.shape)
    labels = checks.of_shape(labels, shape, known, op.labels_rule)
    with tf.control_dependencies([labels]):
        return tf.identity(logits), labels


def labels_of_their_shape(
    op: LossOp, spec: Spec, logits: tf.Tensor, labels: tf.Tensor
) -> tf.Tensor:
    """The labels, after a check of their shape that also works under XLA."""
    if _are_known_to_fit(logits, labels):
        return labels
    known = op.known_labels_shape(spec, logits.shape)
    return checks.of_shape(labels, op.labels_shape(spec, logits), known)


def checked_weights(spec: Spec, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """The weights (or coefficients), as a scalar or with the losses' rank.

    If the static shapes are unknown, the shapes are checked when the graph runs.
    """
    shape = spec_lib.losses_shape(logits, spec.axis)
    static_shape = spec_lib.static_losses_shape(logits.shape, spec.axis)
    weights = weighting.checked_weights(weights, static_shape, shape)
    return weights if weights.shape.rank is not None else tf.broadcast_to(weights, shape)


def _are_known_to_fit(logits: tf.Tensor, labels: tf.Tensor) -> bool:
    # The static shapes have been checked when the op was created.
    return bool(logits.shape.is_fully_defined() and labels.shape.is_fully_defined())
