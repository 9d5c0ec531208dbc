"""The self-test has to see what is wrong."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from keras_xent_cli.doctor.cases import Loss, Losses, SelfTestCase, all_cases
from keras_xent_cli.doctor.finding import Status
from keras_xent_cli.doctor.outcome import Outcome
from keras_xent_cli.doctor.places import Place
from keras_xent_cli.doctor.selftest import run_case

FIRST = all_cases()[0]
CPU = Place("CPU:0", "native kernels")


def run_on_cpu(case: SelfTestCase) -> Outcome:
    return run_case(case, CPU)


def with_loss(ours: Loss, in_function: bool = False) -> SelfTestCase:
    losses = Losses(ours, FIRST.losses.theirs)
    return dataclasses.replace(FIRST, losses=losses, in_function=in_function)


@pytest.mark.parametrize("in_function", [False, True])
def test_tensorflow_agrees_with_itself(in_function: bool) -> None:
    outcome = run_on_cpu(with_loss(FIRST.losses.theirs, in_function))
    assert outcome.passed
    assert outcome.mode == ("function" if in_function else "eager")
    assert outcome.value_error < 1e-6
    assert outcome.gradient_error < 1e-6


@pytest.mark.parametrize("in_function", [False, True])
def test_a_value_that_is_off_by_a_thousandth(in_function: bool) -> None:
    outcome = run_on_cpu(with_loss(lambda *x: 1.001 * FIRST.losses.theirs(*x), in_function))
    assert not outcome.passed
    assert outcome.value_error == pytest.approx(1e-3, rel=1e-2)
    assert outcome.gradient_error == pytest.approx(1e-3, rel=1e-2)


def test_a_right_value_with_half_the_gradient() -> None:
    def half(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        constant = tf.stop_gradient(logits)
        return FIRST.losses.theirs(labels, constant + 0.5 * (logits - constant), weights)

    outcome = run_on_cpu(with_loss(half))
    assert not outcome.passed
    assert outcome.value_error < 1e-6
    assert outcome.gradient_error == pytest.approx(0.5, rel=1e-3)


def test_a_missing_gradient() -> None:
    def stopped(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return FIRST.losses.theirs(labels, tf.stop_gradient(logits), weights)

    outcome = run_on_cpu(with_loss(stopped))
    assert not outcome.passed
    assert outcome.gradient_error == pytest.approx(1.0)


def test_a_gradient_to_the_labels_that_should_not_be_there() -> None:
    def flowing(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        value = FIRST.losses.theirs(labels, logits, weights)
        return value + tf.reduce_sum(labels) - tf.stop_gradient(tf.reduce_sum(labels))

    outcome = run_on_cpu(with_loss(flowing))
    assert not outcome.passed
    assert outcome.gradient_error == pytest.approx(1.0)


def test_not_a_number() -> None:
    outcome = run_on_cpu(with_loss(lambda *x: FIRST.losses.theirs(*x) * float("nan")))
    assert not outcome.passed
    assert np.isnan(outcome.value_error)


def test_a_gradient_that_is_not_a_number() -> None:
    def broken(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        # The derivative of the root at 0 is infinite, and 0 times that is not a number.
        return FIRST.losses.theirs(labels, logits, weights) + tf.reduce_sum(tf.sqrt(0.0 * logits))

    outcome = run_on_cpu(with_loss(broken))
    assert not outcome.passed
    assert outcome.value_error < 1e-6
    assert np.isnan(outcome.gradient_error)


def test_an_exception() -> None:
    def fail(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        raise RuntimeError("the library is gone")

    outcome = run_on_cpu(with_loss(fail))
    assert not outcome.passed
    assert outcome.error == "RuntimeError: the library is gone"


def test_a_wrong_shape() -> None:
    outcome = run_on_cpu(with_loss(lambda *x: FIRST.losses.theirs(*x)[tf.newaxis]))
    assert not outcome.passed
    assert "shape (1,), expected ()" in outcome.error


def test_xla() -> None:
    seen = []

    def ours(*inputs: tf.Tensor) -> tf.Tensor:
        seen.append(tf.compat.v1.get_default_graph())
        return FIRST.losses.theirs(*inputs)

    outcome = run_case(with_loss(ours, in_function=True), dataclasses.replace(CPU, compiled=True))
    assert outcome.passed
    assert outcome.mode == "XLA"
    assert len(seen) == 1


@pytest.mark.parametrize("in_function", [False, True])
def test_a_device_that_is_not_there(in_function: bool) -> None:
    case = dataclasses.replace(FIRST, in_function=in_function)
    outcome = run_case(case, Place("GPU:7", "TensorFlow's own ops"))
    assert not outcome.passed
    assert "GPU:7" in outcome.error or "TensorFlow put float32 on" in outcome.error


def test_what_tensorflow_does_not_have_there_is_a_note() -> None:
    def fail(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        raise RuntimeError("no such kernel")

    outcome = run_on_cpu(dataclasses.replace(FIRST, losses=Losses(fail, fail)))
    assert outcome.error == "RuntimeError: no such kernel"
    assert outcome.status is Status.NOTE
    assert run_on_cpu(with_loss(fail)).status is Status.PROBLEM
