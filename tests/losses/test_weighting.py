"""What becomes of losses that are there already."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_xent import Reduction
from keras_xent.losses.weighting import NOTHING, Weighting
from keras_xent.reduction import V1_NAMES

LOSSES = np.float32([[1, 2, 3], [4, 5, 6]])
WEIGHTS = np.float32([[1, 0, 2], [0.5, 0, 3]])


@pytest.mark.parametrize("reduction", list(Reduction))
def test_dense_losses_are_reduced_as_tf1s(reduction: Reduction) -> None:
    value = Weighting(WEIGHTS, None, reduction).of(tf.constant(LOSSES))
    expected = tf.compat.v1.losses.compute_weighted_loss(
        LOSSES, WEIGHTS, reduction=V1_NAMES[reduction]
    )
    np.testing.assert_allclose(value, expected, rtol=1e-6)


@pytest.mark.parametrize("reduction", list(Reduction))
def test_ragged_losses_are_reduced_as_all_of_them(reduction: Reduction) -> None:
    splits = tf.constant([0, 2, 2, 6], tf.int64)
    losses, weights = (
        tf.RaggedTensor.from_row_splits(x.ravel(), splits) for x in (LOSSES, WEIGHTS)
    )
    value = Weighting(weights, None, reduction).of(losses)
    expected = Weighting(WEIGHTS, None, reduction).of(tf.constant(LOSSES))
    if reduction is Reduction.NONE:
        np.testing.assert_array_equal(value.row_splits, splits)
        value, expected = value.flat_values, tf.reshape(expected, [-1])
    np.testing.assert_allclose(value, expected, rtol=1e-6)


def test_masks_add_up() -> None:
    one, other = tf.constant([True, True, False]), tf.constant([False, True, True])
    weighting = Weighting(None, one, Reduction.SUM).masked(other)
    assert float(weighting.of(tf.constant([1.0, 10.0, 100.0]))) == 10
    assert weighting.masked(None) == weighting


def test_nothing_leaves_the_losses_alone() -> None:
    np.testing.assert_array_equal(NOTHING.of(tf.constant(LOSSES)), LOSSES)
