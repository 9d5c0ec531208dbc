"""Whether a loss takes weights, its signature says."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from ports import tf1_loss, tf1_nn

import keras_xent
from keras_xent import v1
from keras_xent.testing.calling import Loss, WrongResultError

LOGITS = tf.ones([2, 3, 5])


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (tf1_loss, True),
        (tf1_nn, False),
        (v1.softmax_cross_entropy, True),
        (v1.softmax_cross_entropy_with_logits_v2, False),
        (functools.partial(tf1_loss, label_smoothing=0.1), True),
        (functools.partial(tf1_loss, weights=0.5), True),
        (tf.function(tf1_loss, autograph=False), True),
        (tf.keras.losses.CategoricalCrossentropy(), True),
        (tf.keras.losses.categorical_crossentropy, False),
        (keras_xent.CategoricalCrossentropy(), True),
        (lambda labels, logits: 0.0, False),
        (lambda y, x, m: 0.0, True),
        (lambda y, x, w=1.0: 0.0, True),
        (lambda y, x, epsilon=0.1: 0.0, False),
        (lambda y, x, *, sample_weight=None: 0.0, True),
    ],
)
def test_the_signature_tells(function: Any, expected: bool) -> None:
    assert Loss(function, "old").takes_weights is expected


def test_an_unclear_signature_is_asked_about() -> None:
    with pytest.raises(ValueError, match=r"the signature \(\*arguments\), which .* pass"):
        Loss(lambda *arguments: 0.0, "new")
    assert Loss(lambda *arguments: 0.0, "new", weights=True).takes_weights
    with pytest.raises(TypeError, match="new is 3, expected a function"):
        Loss(3, "new")  # type: ignore[arg-type]


def test_weights_are_passed_as_the_function_takes_them() -> None:
    def by_keyword(labels: Any, logits: Any, *, weights: Any = LOGITS) -> Any:
        return weights

    given = tf.constant(3.0)
    assert Loss(by_keyword, "old")(LOGITS, LOGITS, given) is given
    assert Loss(by_keyword, "old")(LOGITS, LOGITS) is LOGITS
    assert Loss(lambda y, x, w: w, "old", weights=True)(LOGITS, LOGITS, given) is given


def test_weights_that_have_to_be_given_are_ones_of_the_losses_shape() -> None:
    found = Loss(lambda y, x, w: w, "old")(LOGITS, LOGITS)
    np.testing.assert_array_equal(found, np.ones([2, 3], np.float32))


def in_a_graph(*_: Any) -> Any:
    with tf.Graph().as_default():
        return tf.constant(1.0)


class TestResults:
    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (1.5, r"returned 1.5 \(float\), not a tensor: .* pass gradients=False"),
            (np.float64(1.5), r"returned .*1.5.* \(numpy.float64\), not a tensor"),
            (np.float32(1.5), r"returned .*1.5.* \(numpy.float32\), not a tensor"),
            (np.ones([2], np.float64), r"returned a numpy.ndarray of shape \[2\], not a tensor"),
            (True, r"returned True \(bool\), not a tensor"),
            (None, "returned None, not a tensor: check whether a return"),
            ([1.5, 2.0], "returned a list of length 2, not one tensor: .* returns only the loss"),
            ((LOGITS, LOGITS), "returned a tuple of length 2, not one tensor"),
            ({"loss": LOGITS}, "returned a dict of length 1, not one tensor"),
            ("1.5", "returned a str, not one tensor"),
            (tf.ragged.constant([[1.0], []]), r"returned a tensorflow\..*RaggedTensor, not"),
        ],
    )
    def test_what_is_no_tensor_is_told(self, value: Any, message: str) -> None:
        with pytest.raises(WrongResultError, match=f"the new loss {message}"):
            Loss(lambda y, x: value, "new")(LOGITS, LOGITS)

    def test_a_tensor_of_a_graph_is_told(self) -> None:
        with pytest.raises(WrongResultError, match=r"a tensor of a tf.Graph.*session.run"):
            Loss(in_a_graph, "new", weights=False)(LOGITS, LOGITS)

    @pytest.mark.parametrize("value", [1.5, np.float64(1.5), np.array([1.5, 2], np.float32)])
    def test_without_gradients_numbers_will_do(self, value: Any) -> None:
        found = Loss(lambda y, x: value, "new", gradients=False)(LOGITS, LOGITS)
        np.testing.assert_array_equal(found, value)

    def test_a_variable_is_a_tensor(self) -> None:
        variable = tf.Variable(2.0)
        assert float(Loss(lambda y, x: variable, "new")(LOGITS, LOGITS)) == 2.0
