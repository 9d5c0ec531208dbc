"""Gradients in the library's own memory: nobody else writes into one that is still in use."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras_xent.ops import library, softmax_cross_entropy

pytestmark = pytest.mark.skipif(library.problem() is not None, reason=str(library.problem()))

SHAPE = (300, 2000)  # 2.4 MB: in the library's own memory


def gradient(scale: float, traced: bool) -> Any:
    logits = tf.random.stateless_normal(SHAPE, [1, 2]) * scale
    labels = tf.one_hot(tf.range(SHAPE[0]), SHAPE[1])

    def step(logits: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = softmax_cross_entropy(logits, labels)
        return tape.gradient(value, logits)

    return (tf.function(step, autograph=False) if traced else step)(logits)


@pytest.mark.parametrize("traced", [False, True])
def test_a_gradient_in_use_is_never_overwritten(traced: bool) -> None:
    held = [gradient(scale, traced) for scale in (1.0, 2.0, 3.0)]
    copies: list[np.ndarray] = [np.array(one) for one in held]
    assert not np.array_equal(copies[0], copies[1])
    for scale in (4.0, 5.0):
        gradient(scale, traced)
    for one, copy in zip(held, copies):
        np.testing.assert_array_equal(one, copy)


def test_an_array_on_a_gradient_outlives_its_tensor() -> None:
    array = gradient(1.0, traced=False).numpy()
    copy = np.array(array)
    gc.collect()
    for scale in (2.0, 3.0):
        gradient(scale, traced=False)
    np.testing.assert_array_equal(array, copy)


def test_the_same_numbers_come_from_memory_that_was_used_before() -> None:
    first = np.array(gradient(1.0, traced=True))
    gradient(7.0, traced=True)
    np.testing.assert_array_equal(gradient(1.0, traced=True), first)
