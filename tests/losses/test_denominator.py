"""The denominators of batches add up to that of all batches together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras_xent.losses.denominator import Denominator
from keras_xent.reduction import Reduction

WEIGHTS = np.array([2.0, 0.0, 0.5, 3.0], np.float32)
MASK = np.array([True, False, True, True])
DIVIDING = [Reduction.MEAN, Reduction.SUM_BY_NONZERO_WEIGHTS, Reduction.SUM_OVER_BATCH_SIZE]


def denominator(batch: slice, reduction: Reduction, mask: Any = None) -> Denominator:
    weights = WEIGHTS[batch]
    if mask is not None:
        # As Keras, a mask is part of the weights.
        weights = weights * mask[batch]
        mask = mask[batch]
    return Denominator(tf.constant(weights), tf.constant([len(weights)]), mask, reduction)


@pytest.mark.parametrize(
    ("reduction", "expected"), list(zip(DIVIDING, [5.5, 3.0, 4.0])), ids=lambda value: str(value)
)
def test_without_a_mask(reduction: Reduction, expected: float) -> None:
    assert denominator(slice(None), reduction).value().numpy() == expected


@pytest.mark.parametrize(
    # With a mask, Keras divides by the fraction of elements that it keeps.
    ("reduction", "expected"),
    list(zip(DIVIDING, [5.5, 3.0, 4.0 * 3 / 4])),
    ids=lambda value: str(value),
)
def test_with_a_mask(reduction: Reduction, expected: float) -> None:
    assert denominator(slice(None), reduction, MASK).value().numpy() == expected


def test_a_mask_of_nothing_is_no_division_by_zero() -> None:
    nothing = Denominator(
        tf.zeros([0]), tf.constant([0]), np.zeros([0], bool), Reduction.SUM_OVER_BATCH_SIZE
    )
    assert nothing.value().numpy() == 0


@pytest.mark.parametrize("reduction", DIVIDING)
@pytest.mark.parametrize("mask", [None, MASK], ids=["no_mask", "mask"])
def test_batches_add_up(reduction: Reduction, mask: Any) -> None:
    first, second = slice(0, 3), slice(3, 4)
    terms = []
    denominator(first, reduction, mask).value(lambda each: terms.append(each) or each)
    both = denominator(second, reduction, mask).value(lambda each: each + terms[0])
    assert both.numpy() == denominator(slice(None), reduction, mask).value().numpy()
