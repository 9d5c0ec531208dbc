"""Generates reproducible inputs for which each reduction has a different denominator."""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Inputs:
    """The inputs of a loss.

    Args:
        labels: labels of the logits' shape, or class ids of the losses' shape.
        logits: logits of shape [..., num_classes].
        weights: weights of any shape, or None.
    """

    labels: np.ndarray
    logits: np.ndarray
    weights: np.ndarray | None = None


def logits(*shape: int, scale: float = 2.0) -> np.ndarray:
    """Normally distributed logits."""
    return scale * np.random.RandomState(0).normal(size=shape)


def ids(*shape: int) -> np.ndarray:
    """Class ids, int32, for logits of this shape."""
    return np.random.RandomState(1).randint(shape[-1], size=shape[:-1]).astype(np.int32)


def one_hot(*shape: int) -> np.ndarray:
    """The same ids as one-hot labels."""
    # Not an identity matrix, because its size is the square of the number of classes.
    return (ids(*shape)[..., np.newaxis] == np.arange(shape[-1])).astype(np.float64)


def soft(*shape: int) -> np.ndarray:
    """Labels that are probabilities and sum to 1 along the last axis."""
    return np.random.RandomState(2).dirichlet(np.ones(shape[-1]), size=shape[:-1])


def binary(*shape: int) -> np.ndarray:
    """Labels of 0 and 1, independent for each class."""
    # Rounding makes sure that both occur, even in small shapes.
    return np.round(soft_binary(*shape))


def soft_binary(*shape: int) -> np.ndarray:
    """Labels between 0 and 1, independent for each class."""
    return np.random.RandomState(4).uniform(size=shape)


def weights(*shape: int) -> np.ndarray:
    """Unequal weights. Their sum differs greatly from their number, even if some are set to 0."""
    return np.random.RandomState(3).uniform(2.2, 2.9, size=shape).astype(np.float32)


def some_zero(*shape: int) -> np.ndarray:
    """The same weights, but the second one and every third one after it are 0."""
    made = weights(*shape)
    made.reshape(-1)[1::3] = 0
    return made
