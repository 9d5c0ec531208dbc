"""Keras metrics that return the loss over a whole epoch.

The mean of the batches' losses, which Keras logs as `loss`, isn't the loss over all examples: every
batch has its own denominator. These metrics add up the weighted losses and the denominators over
batches and replicas, and divide once.
"""

from __future__ import annotations

from keras_xent.metrics.binary import BinaryCrossentropy
from keras_xent.metrics.categorical import CategoricalCrossentropy
from keras_xent.metrics.sparse_categorical import SparseCategoricalCrossentropy

__all__ = ["BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"]


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
