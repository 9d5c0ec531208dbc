"""Whoever asks for a derivative gets the one that was given, not TensorFlow's own."""

from __future__ import annotations

from typing import Any, Callable, Dict

import numpy as np
import pytest
import tensorflow as tf

from keras_xent.ops import explicit

X = np.array([1.0, 2.0, 3.0])


def seven_times_the_gradient(x: tf.Tensor) -> tf.Tensor:
    """x squared, of which the derivative is said to be 7."""
    return explicit.in_graph("Seven", tf.square, lambda grad: [7.0 * grad], [x])


def tape_inside(x: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = seven_times_the_gradient(x)
    return tape.gradient(value, x)


def tf_gradients(x: tf.Tensor) -> tf.Tensor:
    return tf.gradients(seven_times_the_gradient(x), x)[0]


def accumulator(x: tf.Tensor) -> tf.Tensor:
    with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as forward:
        value = seven_times_the_gradient(x)
    return forward.jvp(value)


INSIDE: Dict[str, Callable[[tf.Tensor], Any]] = {
    "tape_inside": tape_inside,
    "tf_gradients": tf_gradients,
    "accumulator": accumulator,
}


@pytest.mark.parametrize("ask", INSIDE.values(), ids=INSIDE.keys())
def test_a_traced_function_gets_it(ask: Callable[[tf.Tensor], Any]) -> None:
    np.testing.assert_array_equal(tf.function(ask)(tf.constant(X)), [7.0, 7.0, 7.0])


def test_a_tape_outside_a_traced_function_gets_it() -> None:
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.function(seven_times_the_gradient)(x)
    np.testing.assert_array_equal(value, X**2)
    np.testing.assert_array_equal(tape.gradient(value, x), [7.0, 7.0, 7.0])


def test_a_tf1_graph_gets_it() -> None:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        np.testing.assert_array_equal(session.run(tf_gradients(tf.constant(X))), [7.0, 7.0, 7.0])
