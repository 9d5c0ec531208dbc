"""The demo's yardstick."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_xent_cli.demo import data
from keras_xent_cli.demo.network import initial_parameters, logits
from keras_xent_cli.demo.yardstick import held_out_accuracy, largest_difference, weighted_loss


@pytest.fixture(scope="module")
def digits() -> data.Digits:
    return data.load(seed=0)


def test_the_loss_is_tf1s(digits: data.Digits) -> None:
    parameters = initial_parameters(seed=0)
    expected = tf.compat.v1.losses.softmax_cross_entropy(
        digits.labels, logits(parameters, digits.images), weights=digits.weights
    )
    assert weighted_loss(parameters, digits) == pytest.approx(float(expected), rel=1e-6)


def test_the_loss_survives_large_logits(digits: data.Digits) -> None:
    parameters = [1000 * p for p in initial_parameters(seed=0)]
    assert np.isfinite(weighted_loss(parameters, digits))


def test_accuracy_of_a_network_that_always_answers_3(digits: data.Digits) -> None:
    parameters = [np.zeros_like(p) for p in initial_parameters(seed=0)]
    parameters[3][3] = 1.0
    expected = np.count_nonzero(digits.held_out_classes == 3) / 360
    assert 0.05 < expected < 0.15
    assert held_out_accuracy(parameters, digits) == pytest.approx(expected)


def test_the_largest_difference_is_over_all_parameters() -> None:
    one = [np.array([1.0, 2.0]), np.array([[3.0]])]
    other = [np.array([1.0, 2.25]), np.array([[3.5]])]
    assert largest_difference(one, other) == 0.5
    assert largest_difference(other, one) == 0.5
    assert largest_difference(one, one) == 0.0


def test_a_difference_below_float32_is_seen() -> None:
    one, other = np.ones(1, np.float32), np.full(1, 1 + 2**-23, np.float32)
    assert largest_difference([one], [other]) == 2**-23


@pytest.mark.parametrize("values", [[np.nan, 0.0], [0.0, np.nan]])
def test_nan_is_not_lost(values: list[float]) -> None:
    one = [np.array([value]) for value in values]
    assert np.isnan(largest_difference(one, [np.zeros(1), np.zeros(1)]))
