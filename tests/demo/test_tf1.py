"""The training in TF1's way."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_xent_cli.demo import data, tf1
from keras_xent_cli.demo.network import initial_parameters
from keras_xent_cli.demo.training import Schedule, Training

SCHEDULE = Schedule(examples=1437, epochs=1)


@pytest.fixture(scope="module")
def digits() -> data.Digits:
    return data.load(seed=0)


@pytest.fixture(scope="module")
def calls() -> list[int]:
    return []


@pytest.fixture(scope="module")
def training(digits: data.Digits, calls: list[int]) -> Training:
    return tf1.train("name", digits, initial_parameters(0), SCHEDULE, lambda: calls.append(1))


def test_the_record(training: Training, calls: list[int]) -> None:
    assert training.name == "name"
    assert training.steps == len(training.step_seconds) == len(calls) == 12
    assert min(training.step_seconds) > 0


def test_the_first_two_steps_by_hand(training: Training, digits: data.Digits) -> None:
    parameters = [tf.constant(p) for p in initial_parameters(0)]
    for step in range(2):
        batch = slice(128 * step, 128 * (step + 1))
        with tf.GradientTape() as tape:
            tape.watch(parameters)
            hidden = tf.tanh(digits.images[batch] @ parameters[0] + parameters[1])
            losses = tf.nn.softmax_cross_entropy_with_logits(
                digits.labels[batch], hidden @ parameters[2] + parameters[3]
            )
            weights = digits.weights[batch]
            loss = tf.reduce_sum(losses * weights) / np.count_nonzero(weights)
        gradients = tape.gradient(loss, parameters)
        if step == 0:
            assert training.first_loss == pytest.approx(float(loss), rel=1e-5)
        parameters = [p - SCHEDULE.learning_rate * g for p, g in zip(parameters, gradients)]
        for got, expected in zip(training.trajectory[step + 1], parameters):
            np.testing.assert_allclose(got, expected.numpy(), rtol=0, atol=1e-6)


def test_the_trajectory_starts_at_the_start_and_moves(training: Training) -> None:
    for got, expected in zip(training.trajectory[0], initial_parameters(0)):
        np.testing.assert_array_equal(got, expected)
    assert np.max(np.abs(training.final[0] - training.trajectory[0][0])) > 0.01


def test_it_leaves_no_graph_behind(training: Training) -> None:
    assert tf.executing_eagerly()
