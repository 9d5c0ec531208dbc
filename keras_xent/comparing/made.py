"""Made inputs: the same numbers each time, and no two denominators of their losses the same."""

from __future__ import annotations

import dataclasses
from typing import Optional

import numpy as np


@dataclasses.dataclass(frozen=True)
class Inputs:
    """What a loss is computed from.

    Args:
        labels: of the logits' shape, or class ids of the losses' shape.
        logits: of shape [..., num_classes].
        weights: of any shape, or None.
    """

    labels: np.ndarray
    logits: np.ndarray
    weights: Optional[np.ndarray] = None


def logits(*shape: int, scale: float = 2.0) -> np.ndarray:
    """Normally distributed."""
    return scale * np.random.RandomState(0).normal(size=shape)


def ids(*shape: int) -> np.ndarray:
    """Class ids, int32, for logits of this shape."""
    return np.random.RandomState(1).randint(shape[-1], size=shape[:-1]).astype(np.int32)


def one_hot(*shape: int) -> np.ndarray:
    """The same ids as one-hot labels."""
    return np.eye(shape[-1])[ids(*shape)]


def soft(*shape: int) -> np.ndarray:
    """Labels that are probabilities and sum to 1 along the last axis."""
    return np.random.RandomState(2).dirichlet(np.ones(shape[-1]), size=shape[:-1])


def binary(*shape: int) -> np.ndarray:
    """Labels 0 and 1, each class on its own."""
    # Rounded so that each of the two is there in small shapes too.
    return np.round(soft_binary(*shape))


def soft_binary(*shape: int) -> np.ndarray:
    """Labels between 0 and 1, each class on its own."""
    return np.random.RandomState(4).uniform(size=shape)


def weights(*shape: int) -> np.ndarray:
    """Unequal; their sum is far from their number, some being zero or none."""
    return np.random.RandomState(3).uniform(2.2, 2.9, size=shape).astype(np.float32)


def some_zero(*shape: int) -> np.ndarray:
    """The same, of which the second and every third from there are 0."""
    made = weights(*shape)
    made.reshape(-1)[1::3] = 0
    return made
