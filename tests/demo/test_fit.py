"""The training in Keras's way."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_xent_cli.demo import data, fit
from keras_xent_cli.demo.network import initial_parameters
from keras_xent_cli.demo.training import Schedule, Training

SCHEDULE = Schedule(examples=1437, epochs=2)


@pytest.fixture(scope="module")
def digits() -> data.Digits:
    return data.load(seed=0)


@pytest.fixture(scope="module")
def calls() -> list[int]:
    return []


@pytest.fixture(scope="module")
def training(digits: data.Digits, calls: list[int]) -> Training:
    loss = tf.keras.losses.CategoricalCrossentropy(from_logits=True)
    start = initial_parameters(0)
    return fit.train("name", loss, digits, start, SCHEDULE, lambda: calls.append(1))


def test_the_record(training: Training, calls: list[int]) -> None:
    assert training.name == "name"
    assert training.steps == len(training.step_seconds) == len(calls) == 24
    assert min(training.step_seconds) > 0


def test_steps_by_hand(training: Training, digits: data.Digits) -> None:
    # All of the first epoch and one of the second: the order must be the same again.
    batches = [slice(128 * i, 128 * (i + 1)) for i in range(12)]
    batches.append(batches[0])
    parameters = [tf.constant(p) for p in initial_parameters(0)]
    for step, batch in enumerate(batches):
        with tf.GradientTape() as tape:
            tape.watch(parameters)
            hidden = tf.tanh(digits.images[batch] @ parameters[0] + parameters[1])
            losses = tf.nn.softmax_cross_entropy_with_logits(
                digits.labels[batch], hidden @ parameters[2] + parameters[3]
            )
            # Keras's own loss divides by the number of examples.
            loss = tf.reduce_mean(losses * digits.weights[batch])
        gradients = tape.gradient(loss, parameters)
        if step == 0:
            assert training.first_loss == pytest.approx(float(loss), rel=1e-5)
        parameters = [p - SCHEDULE.learning_rate * g for p, g in zip(parameters, gradients)]
        for got, expected in zip(training.trajectory[step + 1], parameters):
            np.testing.assert_allclose(got, expected.numpy(), rtol=0, atol=2e-6)


def test_the_trajectory_starts_at_the_start_and_moves(training: Training) -> None:
    for got, expected in zip(training.trajectory[0], initial_parameters(0)):
        np.testing.assert_array_equal(got, expected)
    assert np.max(np.abs(training.final[0] - training.trajectory[0][0])) > 0.01
