"""Arguments may be any kind of number, a tensor or a variable."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf1

WEIGHTS = np.array([1, 0, 2, 0.5], np.float32)


def both(run: Any) -> tuple[list[Any], list[Any]]:
    return run(tf1.OURS), run(tf1.THEIRS)


@pytest.mark.parametrize("function", tf1.SMOOTHED)
@pytest.mark.parametrize(
    "smoothing",
    [True, 1, np.float32(0.1), np.float64(0.1), np.array(0.1, np.float32), float("nan")],
    ids=repr,
)
def test_label_smoothing_may_be_any_number(
    eager_backend: str, smoothing: Any, function: str
) -> None:
    logits, labels = tf1.logits_of([2, 3]), tf1.one_hot_of([2, 3])
    ours, theirs = both(
        lambda functions: [
            getattr(functions, function)(labels, logits, label_smoothing=smoothing)
        ]
    )
    tf1.assert_same(ours, theirs)


@pytest.mark.parametrize("function", tf1.SMOOTHED)
@pytest.mark.parametrize("make", [tf.constant, tf.Variable])
def test_label_smoothing_may_be_an_eager_tensor(
    eager_backend: str, make: Any, function: str
) -> None:
    logits, labels, smoothing = tf1.logits_of([2, 3]), tf1.one_hot_of([2, 3]), make(0.1)
    ours, theirs = both(
        lambda functions: [
            getattr(functions, function)(labels, logits, label_smoothing=smoothing)
        ]
    )
    tf1.assert_same(ours, theirs)


@pytest.mark.parametrize("function", tf1.LABELS)
def test_variables_are_taken_as_tensors(eager_backend: str, function: str) -> None:
    logits = tf.Variable(tf1.logits_of([4, 3]))
    weights = tf.Variable(WEIGHTS[:, None] if function.startswith("sigmoid") else WEIGHTS)
    labels = tf.Variable(tf1.labels_of(function, [4, 3]))
    with tf.GradientTape() as tape:
        value = getattr(tf1.OURS, function)(labels, logits, weights)
    ours = [value, *tape.gradient(value, [logits, weights])]
    # Eagerly TF1 takes no variable as weights.
    theirs = tf1.by_tape(
        lambda logits, weights: getattr(tf1.THEIRS, function)(labels, logits, weights),
        logits,
        weights,
    )
    tf1.assert_same(ours, theirs, scale=8)


@pytest.mark.parametrize(
    "function", ["softmax_cross_entropy_with_logits_v2", "sigmoid_cross_entropy_with_logits"]
)
def test_labels_that_are_variables_have_a_gradient_too(eager_backend: str, function: str) -> None:
    logits, labels = tf1.logits_of([4, 3]), tf.Variable(tf1.soft_labels_of([4, 3]))

    def run(functions: tf1.Functions) -> list[Any]:
        with tf.GradientTape() as tape:
            losses = getattr(functions, function)(labels=labels, logits=logits)
        return [losses, tape.gradient(losses, labels)]

    tf1.assert_same(*both(run), scale=8)
