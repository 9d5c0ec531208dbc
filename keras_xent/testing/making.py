"""Generates the inputs."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from keras_xent.comparing import made
from keras_xent.comparing.made import Inputs
from keras_xent.testing.case import Case, Sizes
from keras_xent.testing.labels import Labels, Shape

Make = Callable[..., Any]


def rows(sizes: Sizes) -> Shape:
    """Logits [B, C]."""
    return (sizes.batch_size, sizes.num_classes)


def sequences(sizes: Sizes) -> Shape:
    """Logits [B, T, C], B != T."""
    return (sizes.batch_size, sizes.batch_size + 1, sizes.num_classes)


def square_sequences(sizes: Sizes) -> Shape:
    """Logits [B, T, C], B == T."""
    return (sizes.batch_size, sizes.batch_size, sizes.num_classes)


def matrix(sizes: Sizes) -> Shape:
    """Logits [B, C], B != C."""
    same = sizes.batch_size == sizes.num_classes
    return (sizes.batch_size + same, sizes.num_classes)


def square_matrix(sizes: Sizes) -> Shape:
    """Logits [B, C], B == C."""
    return (sizes.num_classes, sizes.num_classes)


def integers(make: Make) -> Make:
    """The same labels with dtype int32."""
    return lambda *shape: make(*shape).astype(np.int32)


def some_without(*shape: int) -> np.ndarray:
    """One-hot labels. The first row, and every third row after it, has no label: one_hot(-1)."""
    labels = made.one_hot(*shape)
    labels[::3] = 0
    return labels


def some_ids_without(*shape: int) -> np.ndarray:
    """Class ids. The first row, and every third row after it, has the id -1."""
    labels = made.ids(*shape)
    labels[::3] = -1
    return labels


def some_negative(*shape: int) -> np.ndarray:
    """Weights. The first one is negative."""
    weights = made.weights(*shape)
    weights.reshape(-1)[0] *= -0.5
    return weights


class Maker:
    """Makes cases with one kind of labels.

    Args:
        labels: the kind of labels.
    """

    def __init__(self, labels: Labels) -> None:
        self.labels = labels

    def case(
        self,
        name: str,
        silent_changes: tuple[int, ...],
        shape: Callable[[Sizes], Shape],
        kinds: tuple[str, ...] = (),
        weights: Make | None = None,
        labels: Make | None = None,
        scale: float = 2.0,
        **others: Any,
    ) -> Case:
        """A case.

        Args:
            name: its name in the message.
            silent_changes: the numbers of the silent changes that it detects.
            shape: returns the shape of the logits.
            kinds: its names in `skip`.
            weights: generates weights from the losses' shape. None means no weights.
            labels: generates labels from the logits' shape. None means the kind's usual labels.
            scale: the scale of the logits.
            others: the other fields of `Case`.
        """

        def make(sizes: Sizes) -> Inputs:
            logits_shape = shape(sizes)
            losses_shape = self.labels.losses_shape(logits_shape)
            return Inputs(
                (labels or self.labels.make)(*logits_shape),
                made.logits(*logits_shape, scale=scale),
                None if weights is None else np.asarray(weights(*losses_shape)),
            )

        return Case(name, silent_changes, make, self.labels, kinds, **others)
