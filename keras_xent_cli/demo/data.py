"""Handwritten digits, with a weight for each training example."""

from __future__ import annotations

import dataclasses

import numpy as np

CLASSES = 10
PIXELS = 64
HELD_OUT = 360


@dataclasses.dataclass(frozen=True)
class Digits:
    """The digits that scikit-learn ships, split in two.

    Args:
        images: Training images, float32 in [0, 1], ``(examples, 64)``, in the order of training.
        labels: Their one-hot labels, float32, ``(examples, 10)``.
        weights: Their weights, float32, ``(examples,)``; exactly a third of them are zero.
        held_out_images: Images that no training sees.
        held_out_classes: Their classes, integers.
    """

    images: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    held_out_images: np.ndarray
    held_out_classes: np.ndarray


def load(seed: int) -> Digits:
    """Load the digits, permuted, split and weighted.

    Args:
        seed: Decides the permutation (and with it the split and the order of the batches) and the
            weights.
    """
    # Imported here: scikit-learn is an extra, and the rest of the demo can be used without it.
    from sklearn.datasets import load_digits

    images, classes = load_digits(return_X_y=True)
    random = np.random.RandomState(seed)
    order = random.permutation(len(images))
    # Pixels are counts from 0 to 16.
    images = (images[order] / 16.0).astype(np.float32)
    classes = classes[order]
    return Digits(
        images=images[HELD_OUT:],
        labels=np.eye(CLASSES, dtype=np.float32)[classes[HELD_OUT:]],
        weights=_weights(len(images) - HELD_OUT, random),
        held_out_images=images[:HELD_OUT],
        held_out_classes=classes[:HELD_OUT],
    )


def _weights(examples: int, random: np.random.RandomState) -> np.ndarray:
    # A third masked out, a third plain and a third of differing weights: what is common in
    # practice (padding, missing labels, class weights), and each third tests something else.
    third = examples // 3
    weights = np.ones(examples)
    weights[:third] = 0.0
    weights[third : 2 * third] = random.uniform(0.5, 2.0, size=third)
    return random.permutation(weights).astype(np.float32)
