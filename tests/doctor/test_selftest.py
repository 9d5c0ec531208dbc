"""The self-test: keras_xent passes it, and it sees what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import keras_xent
from keras_xent import losses
from keras_xent_cli.doctor.checks import Status
from keras_xent_cli.doctor.places import Place
from keras_xent_cli.doctor.selftest import Case, Loss, Outcome, all_cases, judge, run_case

CASES = all_cases()
FIRST = CASES[0]
NAN = float("nan")
CPU = Place("CPU:0", "native kernels")
GPU = Place("GPU:0", "TensorFlow's own ops")
XLA = Place("GPU:0", "XLA", compiled=True)

GOOD = Outcome("good", "eager", 1e-5, value_error=2e-6, gradient_error=3e-6)
BAD = Outcome("bad", "function", 1e-5, value_error=2e-3, gradient_error=3e-6)
NOT_THERE = Outcome("not there", "eager", 1e-5, error="no kernel", of_tensorflow=True)


def outcome_of(ours: Loss, **changes: Any) -> Outcome:
    return run_case(FIRST._replace(ours=ours, **changes), CPU)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.title}-{case.in_function}")
def test_keras_xent_passes(case: Case) -> None:
    outcome = run_case(case, CPU)
    assert outcome.error == ""
    assert outcome.value_error <= case.tolerance
    assert outcome.gradient_error <= case.tolerance
    # Masks are what the package is about: no case may be without one.
    assert np.any(case.inputs.weights == 0)


def test_what_is_covered() -> None:
    assert {case.dtype for case in CASES} == {tf.float16, tf.bfloat16, tf.float32, tf.float64}
    assert {case.in_function for case in CASES} == {False, True}
    assert {case.inputs.logits.shape for case in CASES} == {(32, 10), (7, 1000), (2, 5, 3, 4)}


@pytest.mark.parametrize("name", losses.__all__)
def test_a_wrong_keras_loss_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = getattr(keras_xent, name)

    def wrong(*args: Any, **keywords: Any) -> Any:
        loss = right(*args, **keywords)
        return lambda *args, **keywords: 1.001 * loss(*args, **keywords)

    monkeypatch.setattr(keras_xent, name, wrong)
    cases = [case for case in all_cases() if case.title.startswith("Keras")]
    failed = [case for case in cases if not run_case(case, CPU).passed]
    assert len({case.title for case in failed}) == 1
    assert {case.in_function for case in failed} == {False, True}


@pytest.mark.parametrize("in_function", [False, True])
@pytest.mark.parametrize("factor", [1, 1.001])
def test_a_value_that_is_off_by_a_thousandth(factor: float, in_function: bool) -> None:
    outcome = outcome_of(lambda *x: factor * FIRST.theirs(*x), in_function=in_function)
    assert outcome.mode == ("function" if in_function else "eager")
    assert outcome.passed == (factor == 1)
    assert outcome.value_error == pytest.approx(factor - 1, rel=1e-2, abs=1e-6)
    assert outcome.gradient_error == pytest.approx(factor - 1, rel=1e-2, abs=1e-6)


def half_the_gradient(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    constant = tf.stop_gradient(logits)
    return FIRST.theirs(labels, constant + 0.5 * (logits - constant), weights)


def no_gradient(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    return FIRST.theirs(labels, tf.stop_gradient(logits), weights)


def one_to_the_labels(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    total = tf.reduce_sum(labels)
    return FIRST.theirs(labels, logits, weights) + total - tf.stop_gradient(total)


def nan_gradient(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    # The derivative of the root at 0 is infinite, and 0 times that is not a number.
    return FIRST.theirs(labels, logits, weights) + tf.reduce_sum(tf.sqrt(0.0 * logits))


@pytest.mark.parametrize(
    ("loss", "error"),
    [(half_the_gradient, 0.5), (no_gradient, 1), (one_to_the_labels, 1), (nan_gradient, NAN)],
)
def test_a_right_value_with_a_wrong_gradient(loss: Loss, error: float) -> None:
    outcome = outcome_of(loss)
    assert not outcome.passed
    assert outcome.value_error < 1e-6
    assert outcome.gradient_error == pytest.approx(error, rel=1e-3, nan_ok=True)


def test_not_a_number() -> None:
    outcome = outcome_of(lambda *x: FIRST.theirs(*x) * NAN)
    assert not outcome.passed
    assert np.isnan(outcome.value_error)


def test_a_wrong_shape() -> None:
    outcome = outcome_of(lambda *x: FIRST.theirs(*x)[tf.newaxis])
    assert not outcome.passed
    assert "shape (1,), expected ()" in outcome.error


@pytest.mark.parametrize("mode", ["eager", "function", "XLA"])
def test_the_mode_is_how_it_runs(mode: str) -> None:
    def ours(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        assert tf.executing_eagerly() == (mode == "eager")
        # XLA compiles no Python.
        one = tf.numpy_function(lambda: np.float32(1), [], tf.float32)
        return FIRST.theirs(labels, logits, weights) * tf.ensure_shape(one, [])

    case = FIRST._replace(ours=ours, in_function=mode != "eager")
    outcome = run_case(case, CPU._replace(compiled=mode == "XLA"))
    assert outcome.mode == mode
    assert outcome.passed == (mode != "XLA")
    assert ("XLA" in outcome.error) == (mode == "XLA")


@pytest.mark.parametrize("in_function", [False, True])
def test_a_device_that_is_not_there(in_function: bool) -> None:
    outcome = run_case(FIRST._replace(in_function=in_function), GPU._replace(device="GPU:7"))
    assert not outcome.passed
    assert "GPU:7" in outcome.error or "TensorFlow placed a tensor" in outcome.error


def test_an_error_is_a_note_if_tensorflow_raises_one_too() -> None:
    def fail(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        raise RuntimeError("no such kernel")

    for theirs, status in ((FIRST.theirs, Status.PROBLEM), (fail, Status.NOTE)):
        outcome = outcome_of(fail, theirs=theirs)
        assert outcome.error == "RuntimeError: no such kernel"
        assert outcome.status is status


@pytest.mark.parametrize(
    ("value_error", "gradient_error", "passed"),
    [
        (1e-5, 1e-5, True),
        (1.1e-5, 0.0, False),
        (0.0, 1.1e-5, False),
        (NAN, 0.0, False),
        (0.0, NAN, False),
    ],
)
def test_passing(value_error: float, gradient_error: float, passed: bool) -> None:
    assert Outcome("x", "eager", 1e-5, value_error, gradient_error).passed is passed


def test_rows_of_the_table() -> None:
    assert GOOD.cells() == ["good", "eager", "ok", "2.0e-06", "3.0e-06", "1.0e-05"]
    assert BAD.cells() == ["bad", "function", "PROBLEM", "2.0e-03", "3.0e-06", "1.0e-05"]
    assert NOT_THERE.cells() == ["not there", "eager", "note", "-", "-", "1.0e-05"]


def test_all_cases_agree() -> None:
    finding = judge(CPU, [GOOD, GOOD])
    assert finding.status is Status.OK
    assert finding.subject == "self-test, CPU:0"
    assert finding.found == "2 cases agree with TensorFlow (native kernels)"


@pytest.mark.parametrize(
    ("place", "subject", "advice"),
    [
        (CPU, "self-test, CPU:0", "Run KERAS_XENT_BACKEND=portable keras-xent doctor."),
        (GPU, "self-test, GPU:0", "tf.device('/CPU:0')"),
        (XLA, "self-test, GPU:0, XLA", "Don't use jit_compile=True on GPU:0"),
        (CPU._replace(path="TensorFlow's own ops"), "self-test, CPU:0", "is probably TensorFlow: "),
    ],
)
def test_a_failure_names_the_place_and_what_to_do(
    place: Place, subject: str, advice: str
) -> None:
    finding = judge(place, [GOOD, BAD, NOT_THERE])
    assert finding.status is Status.PROBLEM
    assert finding.subject == subject
    assert finding.found == f"1 of 3 cases failed ({place.path})"
    assert advice in finding.advice


def test_what_tensorflow_does_not_have_is_a_note() -> None:
    finding = judge(GPU, [GOOD, NOT_THERE])
    assert finding.status is Status.NOTE
    assert finding.found.startswith("1 of 2 cases agree with TensorFlow (TensorFlow's own ops)")
    assert "GPU:0" in finding.advice


def test_a_device_on_which_tensorflow_computes_nothing_is_a_problem() -> None:
    finding = judge(GPU, [NOT_THERE, NOT_THERE])
    assert finding.status is Status.PROBLEM
    assert finding.found.startswith("every case raises an error")
    assert "TensorFlow's own loss must run on GPU:0" in finding.advice
