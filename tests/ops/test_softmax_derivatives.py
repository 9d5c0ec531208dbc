"""The softmax and its derivatives along any axis, of known and unknown rank."""

from __future__ import annotations

import modes
import numpy as np
import pytest
import tensorflow as tf

from keras_xent.ops import softmax_derivatives

LOGITS = np.random.default_rng(1).normal(size=(3, 4, 2))


@pytest.mark.parametrize("mode", ["eager", "traced_unknown_shapes"])
@pytest.mark.parametrize("axis", [-1, -2, 0, 1])
def test_softmax_and_its_logarithm_are_tensorflows(axis: int, mode: str) -> None:
    run = modes.MODES[mode]
    found = run(lambda x: softmax_derivatives.softmax(x, axis), LOGITS)
    np.testing.assert_allclose(found, tf.nn.softmax(LOGITS, axis), rtol=1e-13)
    found = run(lambda x: softmax_derivatives.log_softmax(x, axis), LOGITS)
    np.testing.assert_allclose(found, tf.nn.log_softmax(LOGITS, axis), rtol=1e-13)


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_the_product_with_the_jacobian_is_tensorflows(axis: int) -> None:
    rng = np.random.default_rng(2)
    v = tf.constant(rng.normal(size=LOGITS.shape))
    c = tf.constant(rng.normal(size=np.delete(LOGITS.shape, axis)))
    logits = tf.constant(LOGITS)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        weighted = tf.nn.softmax(logits, axis) * tf.expand_dims(c, axis)
    p, product = softmax_derivatives.product_with_jacobian(v, logits, c, axis)
    np.testing.assert_allclose(p, tf.nn.softmax(LOGITS, axis), rtol=1e-13)
    np.testing.assert_allclose(product, tape.gradient(weighted, logits, v), rtol=1e-11)
