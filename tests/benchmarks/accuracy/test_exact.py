"""The exact values."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from benchmarks.accuracy import exact


@pytest.mark.parametrize("lead", [-30.0, 0.0, 3.0, 40.0])
def test_two_classes_have_a_closed_form(lead: float) -> None:
    logits = np.array([lead, 0.0], np.float32)
    assert exact.loss(logits, 0) == pytest.approx(np.log1p(np.exp(-lead)), rel=1e-15)


def test_many_equal_classes_have_the_logarithm_of_their_number() -> None:
    assert exact.loss(np.full(250000, 1.5, np.float32), 7) == pytest.approx(
        np.log(250000), rel=1e-15
    )


def test_label_smoothing_mixes_the_losses_of_all_classes() -> None:
    logits = np.array([2.0, -1.0, 0.5], np.float32)
    losses = [exact.loss(logits, true_class) for true_class in range(3)]
    for true_class in range(3):
        mixed = 0.9 * losses[true_class] + 0.1 * np.mean(losses)
        assert exact.loss(logits, true_class, 0.1) == pytest.approx(mixed, rel=1e-15)


def test_a_loss_near_0_is_the_probability_of_the_other_classes() -> None:
    logits = np.array([60.0, 0.0, 1.0], np.float32)
    others = np.exp(-60.0) * (1 + np.e)
    assert exact.loss(logits, 0) == pytest.approx(others, rel=1e-14)


def test_a_sigmoid_is_a_softmax_of_two_classes() -> None:
    logits = np.array([-40.0, -2.5, 0.0, 1e-3, 30.0], np.float32)
    for label in (0, 1):
        expected = [exact.loss(np.array([0.0, x], np.float32), label) for x in logits]
        labels = np.full(5, float(label))
        np.testing.assert_allclose(exact.sigmoid_losses(logits, labels), expected, rtol=1e-14)


def test_label_smoothing_mixes_the_losses_of_a_sigmoid() -> None:
    logits = np.array([-3.0, 0.5], np.float32)
    of_0, of_1 = (exact.sigmoid_losses(logits, np.full(2, label)) for label in (0.0, 1.0))
    smoothed = exact.sigmoid_losses(logits, np.ones(2), 0.1)
    np.testing.assert_allclose(smoothed, 0.05 * of_0 + 0.95 * of_1, rtol=1e-14)


def test_a_sigmoids_gradient_is_exact_at_both_ends() -> None:
    gradients = exact.sigmoid_gradients(
        np.array([-80.0, -80.0, 80.0, 80.0]), np.array([0.0, 1.0, 0.0, 1.0])
    )
    tail = np.exp(-80.0)
    np.testing.assert_allclose(gradients, [tail, tail - 1, 1 - tail, -tail], rtol=1e-14)


def test_an_ulp_is_the_distance_to_the_next_float32() -> None:
    value = np.array([1.0, 3.0, 1e-6])
    next_one = np.nextafter(value.astype(np.float32), np.float32(np.inf))
    np.testing.assert_allclose(exact.ulps(next_one, value.astype(np.float32)), 1)
    assert exact.ulps(value.astype(np.float32), value).max() <= 0.5


def test_relative_errors_have_no_sign() -> None:
    assert exact.relative(-1.5, -1.0) == exact.relative(0.5, 1.0) == Fraction(1, 2)
