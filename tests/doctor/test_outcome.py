"""Outcomes of the self-test."""

from __future__ import annotations

import pytest

from keras_xent.doctor.finding import Status
from keras_xent.doctor.outcome import Outcome, selftest_finding

NAN = float("nan")


@pytest.mark.parametrize(
    ("value_error", "gradient_error", "passed"),
    [
        (0.0, 0.0, True),
        (1e-5, 1e-5, True),
        (1.1e-5, 0.0, False),
        (0.0, 1.1e-5, False),
        (NAN, 0.0, False),
        (0.0, NAN, False),
    ],
)
def test_passing(value_error: float, gradient_error: float, passed: bool) -> None:
    outcome = Outcome("x", 1e-5, value_error=value_error, gradient_error=gradient_error)
    assert outcome.passed is passed


def test_an_outcome_without_numbers_has_failed() -> None:
    assert not Outcome("x", 1e-5, error="ValueError: wrong").passed


def test_judgement() -> None:
    good = Outcome("good", 1e-5, value_error=0.0, gradient_error=0.0)
    bad = Outcome("bad", 1e-5, value_error=1.0, gradient_error=0.0)
    assert selftest_finding([good, good]).status is Status.OK
    assert selftest_finding([good, good]).found == "2 cases agree with TensorFlow"
    finding = selftest_finding([good, bad, bad])
    assert finding.status is Status.PROBLEM
    assert finding.found == "2 of 3 cases failed"
    assert "KERAS_XENT_BACKEND=portable" in finding.advice
