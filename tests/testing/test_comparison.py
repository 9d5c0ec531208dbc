"""What counts as a difference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from ports import tf1_loss

from keras_xent.testing import cases
from keras_xent.testing.calling import Loss
from keras_xent.testing.case import Sizes
from keras_xent.testing.comparison import Comparison, Result, compare, evaluate

CASE = cases.WEIGHTED[0]
INPUTS = CASE.make(Sizes(5, 4))


def compared(new: Any) -> Comparison:
    return compare(Loss(tf1_loss, "old"), Loss(new, "new"), CASE, INPUTS, "float32", (1e-5, 1e-6))


def changed(change: Any) -> Any:
    return lambda labels, logits, weights: change(tf1_loss(labels, logits, weights))


@tf.custom_gradient
def twice_the_gradient(tensor: Any) -> Any:
    return tf.identity(tensor), lambda gradient: 2 * gradient


def test_the_same_does_not_differ() -> None:
    assert not compared(tf1_loss).differs


@pytest.mark.parametrize(
    "change",
    [
        lambda loss: loss * 1.001,
        lambda loss: loss[tf.newaxis],
        lambda loss: tf.cast(loss, tf.float64),
        lambda loss: loss * np.nan,
        twice_the_gradient,
        tf.stop_gradient,
    ],
)
def test_value_shape_dtype_and_gradient_count(change: Any) -> None:
    assert compared(changed(change)).differs


def test_a_refusal_is_a_difference() -> None:
    def refuse(labels: Any, logits: Any, weights: Any) -> Any:
        raise KeyError

    assert compared(refuse).refused
    with pytest.raises(KeyError):
        compare(Loss(refuse, "old"), Loss(tf1_loss, "new"), CASE, INPUTS, "float32", (0, 0))


def test_gradients_are_tensorflows() -> None:
    result = evaluate(Loss(tf1_loss, "old"), CASE, INPUTS, "float32")
    logits = tf.constant(INPUTS.logits, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = tf1_loss(INPUTS.labels, logits, INPUTS.weights)
    np.testing.assert_allclose(result.value, value)
    np.testing.assert_allclose(result.gradients["logits"], tape.gradient(value, logits))
    assert set(result.gradients) == {"logits", "weights"}


def test_no_gradient_is_as_good_as_zeros() -> None:
    zeros = Result(np.zeros([]), "float32", {"logits": np.zeros([4, 5])})
    none = Result(np.zeros([]), "float32", {"logits": None})
    assert not Comparison(CASE, INPUTS, "float32", (0, 0), zeros, none).differs
