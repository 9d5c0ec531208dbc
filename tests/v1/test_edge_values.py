"""Zero denominators, empty batches, NaN and infinity give what they give in TF1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf1

import keras_xent

DTYPES = ["float16", "bfloat16", "float32", "float64"]
REDUCTIONS = sorted(set(tf1.REDUCTIONS.values()))


def weights_beside(function: str, weights: Any) -> Any:
    """A weight for each example of softmax, as the function takes them."""
    is_sigmoid = function.startswith("sigmoid") and np.ndim(weights)
    return np.asarray(weights, np.float32)[:, None] if is_sigmoid else weights


def assert_as_tf1(run: Any, **precision: Any) -> list[list[Any]]:
    """That `run` gives what it gives of TF1's functions; returns ours on each backend."""
    theirs, each_backends = run(tf1.THEIRS), []
    for choice in ("auto", "portable"):
        keras_xent.set_backend(choice)
        each_backends.append(run(tf1.OURS))
        tf1.assert_same(each_backends[-1], theirs, **precision)
    return each_backends


@pytest.mark.parametrize("function", tf1.LABELS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_an_empty_batch_is_worth_nothing(function: str, dtype: str, reduction: str) -> None:
    smoothing = {"label_smoothing": 0.1} if function in tf1.SMOOTHED else {}

    def run(functions: tf1.Functions) -> list[Any]:
        logits = np.zeros([0, 3], tf.as_dtype(dtype).as_numpy_dtype)
        labels = tf1.labels_of(function, [0, 3])
        weights = np.zeros(tf1.losses_shape(function, [0, 3]), np.float32)
        return tf1.by_tape(
            lambda logits, weights: getattr(functions, function)(
                labels, logits, weights, reduction=reduction, **smoothing
            ),
            logits,
            weights,
        )

    for value, *_ in assert_as_tf1(run, dtype=dtype):
        assert np.sum(np.asarray(value, np.float64)) == 0


@pytest.mark.parametrize("function", tf1.LABELS)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weights", [0.0, [0.0, 0.0], [1.0, -1.0]])
def test_a_denominator_of_zero_gives_zero(function: str, reduction: str, weights: Any) -> None:
    logits, labels = tf1.logits_of([2, 3]), tf1.labels_of(function, [2, 3])
    weights = weights_beside(function, weights)

    def run(functions: tf1.Functions) -> list[Any]:
        return tf1.by_tape(
            lambda logits, weights: getattr(functions, function)(
                labels, logits, weights, reduction=reduction
            ),
            logits,
            weights,
        )

    for value, gradient, _ in assert_as_tf1(run, scale=8):
        if not np.any(weights):
            assert not np.any(value)
            assert not np.any(gradient)


@pytest.mark.parametrize("weights", [float("nan"), [float("nan"), 0.0], [float("inf"), 0.0]])
@pytest.mark.parametrize("function", tf1.LABELS)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_weights_that_are_no_numbers_spread_as_in_tf1(
    weights: Any, reduction: str, function: str
) -> None:
    logits, labels = tf1.logits_of([2, 3]), tf1.labels_of(function, [2, 3])
    weights = weights_beside(function, weights)
    assert_as_tf1(
        lambda functions: [
            getattr(functions, function)(labels, logits, weights, reduction=reduction)
        ]
    )


@pytest.mark.parametrize("function", tf1.LABELS)
@pytest.mark.parametrize("logit", [float("inf"), float("nan"), float("-inf")])
def test_a_bad_logit_is_not_hidden_by_a_zero_weight(function: str, logit: float) -> None:
    logits = np.array([[logit, 0.0, 1.0], [1.0, 2.0, 3.0]], np.float32)
    labels: Any = [0, 1] if function.startswith("sparse") else np.eye(3)[:2]
    if function.startswith("sigmoid"):
        # Of a label that is sure, the loss of an infinite logit may be 0.
        labels = np.full([2, 3], 0.5)
    weights = weights_beside(function, [0.0, 1.0])
    for (value,) in assert_as_tf1(
        lambda functions: [getattr(functions, function)(labels, logits, weights)]
    ):
        assert np.isnan(value)
