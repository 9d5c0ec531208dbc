"""The magnitudes of the terms of each example, whatever the loss."""

from __future__ import annotations

import dataclasses
from typing import Any, Optional

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Examples:
    """The magnitudes of what each example's loss and its derivatives are summed from.

    Attributes:
        epsilon: the error to allow, relative to them.
        losses: of the losses; of the losses' shape.
        logits_gradient: of the derivative of each loss, of the logits' shape. Where labels and
            logits are broadcast, of the shape of both, and so are the others.
        labels_gradient: the same with respect to the labels; None where there is none.
        class_axis: the axis that the losses don't have; None if they have the logits' shape.
    """

    epsilon: Any
    losses: tf.Tensor
    logits_gradient: tf.Tensor
    labels_gradient: Optional[tf.Tensor]
    class_axis: Optional[int]

    def to_logits(self, of_losses: tf.Tensor) -> tf.Tensor:
        """What comes to the losses, as it is multiplied with the derivatives of each."""
        return of_losses if self.class_axis is None else tf.expand_dims(of_losses, self.class_axis)
