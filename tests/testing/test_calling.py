"""Whether a loss takes weights, its signature says."""

from __future__ import annotations

import functools
from typing import Any

import pytest
import tensorflow as tf
from ports import tf1_loss, tf1_nn

import keras_xent
from keras_xent import v1
from keras_xent.testing.calling import Loss


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
    with pytest.raises(ValueError, match=r"new takes \(\*arguments\): say weights=True"):
        Loss(lambda *arguments: 0.0, "new")
    assert Loss(lambda *arguments: 0.0, "new", weights=True).takes_weights
    with pytest.raises(TypeError, match="new is 3, expected a function"):
        Loss(3, "new")  # type: ignore[arg-type]


def test_weights_are_passed_as_the_function_takes_them() -> None:
    def by_keyword(labels: Any, logits: Any, *, weights: Any = 7.0) -> Any:
        return weights

    assert Loss(by_keyword, "old")(0, 0, 3.0) == 3.0
    assert Loss(by_keyword, "old")(0, 0) == 7.0
    assert Loss(lambda y, x, w: w, "old")(0, 0) == 1.0
    assert Loss(lambda y, x, w: w, "old", weights=True)(0, 0, 3.0) == 3.0
