"""Outcomes of the self-test."""

from __future__ import annotations

import pytest

from keras_xent_cli.doctor.finding import Status
from keras_xent_cli.doctor.outcome import Outcome, selftest_finding
from keras_xent_cli.doctor.places import Place

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


GOOD = Outcome("good", 1e-5, value_error=0.0, gradient_error=0.0)
BAD = Outcome("bad", 1e-5, value_error=1.0, gradient_error=0.0)
NOT_THERE = Outcome("not there", 1e-5, error="no kernel", of_tensorflow=True)
CPU = Place("CPU:0", "native kernels")
GPU = Place("GPU:0", "TensorFlow's own ops")
XLA = Place("GPU:0", "XLA", compiled=True)


def test_what_an_outcome_means() -> None:
    found = [outcome.status for outcome in (GOOD, BAD, NOT_THERE)]
    assert found == [Status.OK, Status.PROBLEM, Status.NOTE]


def test_judgement() -> None:
    good = selftest_finding(CPU, [GOOD, GOOD])
    assert good.status is Status.OK
    assert good.subject == "self-test, CPU:0"
    assert good.found == "2 cases agree with TensorFlow (native kernels)"
    bad = selftest_finding(CPU, [GOOD, BAD, BAD])
    assert bad.status is Status.PROBLEM
    assert bad.found == "2 of 3 cases failed (native kernels)"
    assert "KERAS_XENT_BACKEND=portable" in bad.advice


@pytest.mark.parametrize(
    ("place", "subject", "advice"),
    [
        (GPU, "self-test, GPU:0", "tf.device('/CPU:0')"),
        (XLA, "self-test, GPU:0, XLA", "Leave out jit_compile=True on GPU:0"),
        (Place("CPU:0", "TensorFlow's own ops"), "self-test, CPU:0", "version of TensorFlow"),
    ],
)
def test_a_failure_names_the_place_and_what_to_do(
    place: Place, subject: str, advice: str
) -> None:
    finding = selftest_finding(place, [BAD, NOT_THERE])
    assert finding.subject == subject
    assert finding.found == f"1 of 2 cases failed ({place.path})"
    assert advice in finding.advice
    assert "KERAS_XENT_BACKEND" not in finding.advice


def test_what_tensorflow_does_not_have_is_a_note() -> None:
    finding = selftest_finding(GPU, [GOOD, NOT_THERE])
    assert finding.status is Status.NOTE
    assert finding.found.startswith("1 of 2 cases agree with TensorFlow (TensorFlow's own ops)")
    assert "GPU:0" in finding.advice


def test_a_device_on_which_tensorflow_computes_nothing_is_a_problem() -> None:
    finding = selftest_finding(GPU, [NOT_THERE, NOT_THERE])
    assert finding.status is Status.PROBLEM
    assert finding.found.startswith("not run")
    assert "Make TensorFlow's own loss work on GPU:0" in finding.advice
