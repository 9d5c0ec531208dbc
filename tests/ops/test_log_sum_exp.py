"""Sums over the classes, in pieces and whole."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_xent.ops.log_sum_exp import LogSumExp, Softmax, sum_over_classes

RNG = np.random.default_rng(2)


@pytest.mark.parametrize("shape", [(3, 5), (3, 64), (3, 2100), (0, 70)])
def test_a_sum_of_a_function_of_two_tensors(shape: tuple) -> None:
    one, other = RNG.normal(size=(2, *shape))
    found = sum_over_classes(lambda x, y: x * y, [tf.constant(one), tf.constant(other)], -1)
    np.testing.assert_allclose(found, (one * other).sum(-1, keepdims=True), rtol=1e-12)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_log_sum_exp_and_softmax(axis: int) -> None:
    logits = RNG.normal(size=(70, 3, 4)) * 50
    wanted = tf.reduce_logsumexp(logits, axis, keepdims=True)
    softmax = Softmax.of(tf.constant(logits), axis)
    for found in (LogSumExp.of(tf.constant(logits), axis), softmax.log_sum_exp):
        np.testing.assert_allclose(found.largest + found.log_total, wanted, rtol=1e-13)
    np.testing.assert_allclose(
        softmax.exp * softmax.inverse, tf.nn.softmax(logits, axis), rtol=1e-12
    )
