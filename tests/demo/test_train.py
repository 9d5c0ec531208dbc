"""The three trainings: the claim that the demo makes."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
import tensorflow as tf
from rich.console import Console

from keras_xent_cli.demo import show, train

EPOCHS = 9
STEPS = 108


@pytest.fixture(scope="module")
def digits() -> train.Digits:
    return train.Digits.load(seed=0)


@pytest.fixture(scope="module")
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(scope="module")
def trainings(digits: train.Digits, stream: io.StringIO) -> tuple[train.Training, ...]:
    console = Console(file=stream, width=80)
    return train.train_all(digits, epochs=EPOCHS, seed=0, console=console)


def test_sizes(digits: train.Digits) -> None:
    assert digits.images.shape == (1437, 64)
    assert digits.labels.shape == (1437, 10)
    assert digits.weights.shape == (1437,)
    assert digits.held_out_images.shape == (360, 64)
    assert digits.held_out_classes.shape == (360,)
    assert digits.images.dtype == digits.labels.dtype == digits.weights.dtype == np.float32
    assert (digits.images.min(), digits.images.max()) == (0, 1)


def test_a_third_of_the_weights_are_zero_and_their_share_differs_between_batches(
    digits: train.Digits,
) -> None:
    assert np.count_nonzero(digits.weights == 0) == 1437 // 3
    assert np.all(digits.weights >= 0)
    batches = [digits.weights[first : first + 128] for first in range(0, 1280, 128)]
    assert len({np.count_nonzero(batch) for batch in batches}) > 3


def test_all_the_images_are_there_with_their_labels(digits: train.Digits) -> None:
    from sklearn.datasets import load_digits

    class_of = {image.tobytes(): label for image, label in zip(*load_digits(return_X_y=True))}
    images = np.concatenate([digits.images, digits.held_out_images])
    classes = np.concatenate([digits.labels.argmax(axis=1), digits.held_out_classes])
    expected = [class_of[image.tobytes()] for image in (images * 16).astype(np.float64)]
    np.testing.assert_array_equal(classes, expected)
    np.testing.assert_array_equal(digits.labels.sum(axis=1), 1.0)
    assert len({image.tobytes() for image in images}) == len(class_of)


def test_the_seed_decides(digits: train.Digits) -> None:
    again, other = train.Digits.load(seed=0), train.Digits.load(seed=1)
    for one, same, different in (
        (digits.images, again.images, other.images),
        (digits.weights, again.weights, other.weights),
        *(zip(*([train.initial_parameters(seed)[0]] for seed in (0, 0, 1)))),
    ):
        np.testing.assert_array_equal(one, same)
        assert np.any(one != different)


def test_logits_by_hand() -> None:
    parameters = [
        np.array([[1.0, -1.0], [2.0, 0.0]]),
        np.array([0.5, 0.5]),
        np.array([[1.0, 0.0, 2.0], [10.0, 10.0, 10.0]]),
        np.array([0.0, 1.0, -1.0]),
    ]
    # The inputs of the hidden units: 1 + 2 + 0.5 and -1 + 0.5.
    one, two = np.tanh(3.5), np.tanh(-0.5)
    found = train.logits(parameters, np.array([[1.0, 1.0]], np.float32))
    expected = [[one + 10 * two, 10 * two + 1, 2 * one + 10 * two - 1]]
    np.testing.assert_allclose(found, expected, rtol=1e-15)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_steps_by_hand(
    which: int, trainings: tuple[train.Training, ...], digits: train.Digits
) -> None:
    training = trainings[which]
    # All of the first epoch and one of the second: the order must be the same again.
    batches = [slice(128 * i, 128 * (i + 1)) for i in [*range(12), 0]]
    parameters = [tf.constant(p) for p in train.initial_parameters(0)]
    for step, batch in enumerate(batches):
        for got, expected in zip(training.trajectory[step], parameters):
            np.testing.assert_allclose(got, expected.numpy(), rtol=0, atol=2e-6)
        weights = digits.weights[batch]
        # Keras's own loss divides by the number of examples.
        divisor = len(weights) if training.name == "naive port" else np.count_nonzero(weights)
        with tf.GradientTape() as tape:
            tape.watch(parameters)
            hidden = tf.tanh(digits.images[batch] @ parameters[0] + parameters[1])
            losses = tf.nn.softmax_cross_entropy_with_logits(
                digits.labels[batch], hidden @ parameters[2] + parameters[3]
            )
            loss = tf.reduce_sum(losses * weights) / divisor
        if step == 0:
            assert training.first_loss == pytest.approx(float(loss), rel=1e-5)
        gradients = tape.gradient(loss, parameters)
        parameters = [p - train.LEARNING_RATE * g for p, g in zip(parameters, gradients)]
    for got, expected in zip(training.trajectory[len(batches)], parameters):
        np.testing.assert_allclose(got, expected.numpy(), rtol=0, atol=2e-6)


def test_every_step_is_recorded(
    trainings: tuple[train.Training, ...], stream: io.StringIO
) -> None:
    for training in trainings:
        assert len(training.trajectory) - 1 == len(training.step_seconds) == STEPS
        assert min(training.step_seconds) > 0
    assert stream.getvalue().count(f"{STEPS}/{STEPS} steps") == 3
    assert tf.executing_eagerly()


def test_keras_xent_follows_tf1_and_the_naive_port_drifts(
    trainings: tuple[train.Training, ...], digits: train.Digits
) -> None:
    tf1, _, ours = (training.trajectory for training in trainings)
    for mine, theirs in zip(ours, tf1):
        for one, other in zip(mine, theirs):
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)
    # A loss of all images takes longer than a step.
    some = [
        dataclasses.replace(training, trajectory=training.trajectory[:: STEPS // EPOCHS])
        for training in trainings
    ]
    comparison = show.compare(some, digits)
    assert max(comparison.ours.differences) <= 1e-5
    assert comparison.ours_follows_tf1
    assert comparison.naive.differences[-1] > 0.05
    assert comparison.naive.losses[-1] > 1.2 * comparison.tf1.losses[-1]
    assert comparison.naive.first_loss < 0.8 * comparison.tf1.first_loss
    for row in comparison:
        assert row.losses[0] == comparison.tf1.losses[0]
        assert row.differences[0] == 0
        assert row.accuracy > 0.85
        assert row.losses[-1] < 0.3 * row.losses[0]
