"""The magnitudes of the terms of each example, for any loss."""

from __future__ import annotations

import dataclasses
from typing import Any

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Examples:
    """The magnitudes of the terms of each example's loss and derivatives.

    Attributes:
        epsilon: the error to allow, relative to the magnitudes.
        losses: the magnitudes for the losses, in the losses' shape.
        logits_gradient: the magnitudes for the derivatives of the losses, in the logits' shape. If
            labels and logits are broadcast, all magnitudes have the broadcast shape.
        labels_gradient: the magnitudes for the derivatives with respect to the labels. None if
            there is no such gradient.
        class_axis: the class axis. None if the losses have the logits' shape.
    """

    epsilon: Any
    losses: tf.Tensor
    logits_gradient: tf.Tensor
    labels_gradient: tf.Tensor | None
    class_axis: int | None

    def to_logits(self, of_losses: tf.Tensor) -> tf.Tensor:
        """Adds a class axis to numbers for each loss, to multiply the losses' derivatives."""
        return of_losses if self.class_axis is None else tf.expand_dims(of_losses, self.class_axis)
