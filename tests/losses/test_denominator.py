"""The denominators of batches add up to that of all batches together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import keras_xent
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


@pytest.mark.parametrize(
    ("loss", "labels", "shape"),
    [
        (keras_xent.CategoricalCrossentropy, np.eye(3)[[[0, 1], [2, 0]]], (2, 2, 3)),
        (keras_xent.SparseCategoricalCrossentropy, np.array([[0, 1], [2, 0]]), (2, 2, 3)),
        (keras_xent.SparseCategoricalCrossentropy, np.array([0, 1, 2]), (3, 3)),
        (keras_xent.BinaryCrossentropy, np.array([[0.0, 1.0], [1.0, 1.0]]), (2, 2)),
    ],
)
def test_weights_for_sum(loss: Any, labels: np.ndarray, shape: Any) -> None:
    """With them, the sum of the losses is the loss."""
    logits = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    weights = np.arange(len(labels), dtype=np.float32)
    for reduction in DIVIDING:
        expected = loss(from_logits=True, reduction=reduction)(labels, logits, weights)
        found = loss(from_logits=True, reduction=reduction).weights_for_sum(labels, weights)
        summed = loss(from_logits=True, reduction="sum")(labels, logits, found)
        np.testing.assert_allclose(summed, expected, rtol=1e-6)


def test_weights_that_cannot_be_used_are_named() -> None:
    loss = keras_xent.CategoricalCrossentropy(reduction="sum")
    sparse = tf.sparse.from_dense([1.0, 0.0])
    with pytest.raises(TypeError, match=r"^sample_weight is a SparseTensor"):
        loss.weights_for_sum(tf.zeros([2, 3]), sparse)


def test_the_denominator_of_a_sum_has_its_dtype() -> None:
    loss = keras_xent.CategoricalCrossentropy(True, reduction="sum", dtype="float64")
    total, one = loss.total_and_denominator(np.eye(3), np.ones((3, 3)))
    assert one == 1
    assert total.dtype == one.dtype == "float64"
