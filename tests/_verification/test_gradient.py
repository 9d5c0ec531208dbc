"""An onlooker sees a call's value, and its gradient in one piece."""

from __future__ import annotations

from typing import Any

import modes
import numpy as np
import pytest
import tensorflow as tf
import tf1

from keras_xent._verification.gradient import observed

MODES = ["eager", "traced", "tf1_graph"]


def product(a: Any, b: Any) -> Any:
    return a * b * b


@pytest.mark.parametrize("mode", MODES)
def test_it_sees_and_may_replace_them(mode: str) -> None:
    seen: list[Any] = []

    def see_gradients(upstream: Any, indices: Any, found: Any) -> Any:
        seen.append((list(indices), upstream.dtype))
        return [10 * each + upstream for each in found]

    def run(a: Any, b: Any) -> Any:
        def value_of(a: Any, b: Any) -> Any:
            return 2 * observed(product, [a, b], lambda value: value + 1, see_gradients)

        in_session = mode == "tf1_graph"
        return (tf1.by_tf_gradients if in_session else tf1.by_tape)(value_of, a, b)

    found = modes.MODES[mode](run, np.float32(2), np.float32(3))
    assert [float(each) for each in found] == [2 * (18 + 1), 2 * 90 + 2, 2 * 120 + 2]
    assert seen == [([0, 1], tf.float32)]


def test_it_is_asked_for_what_is_watched() -> None:
    seen: list[Any] = []

    def see_gradients(_: Any, indices: Any, found: Any) -> Any:
        seen.append(list(indices))
        return found

    a, b, count = tf.constant(2.0), tf.constant(3.0), tf.constant(4)
    with tf.GradientTape() as tape:
        tape.watch(b)
        value = observed(
            lambda a, b, count: product(a, b) * tf.cast(count, tf.float32),
            [a, b, count],
            lambda value: value,
            see_gradients,
        )
    assert float(tape.gradient(value, b)) == 48
    assert seen == [[1]]


def test_second_derivatives_and_tangents_pass_by() -> None:
    seen: list[Any] = []

    def see_gradients(upstream: Any, _: Any, found: Any) -> Any:
        seen.append(float(upstream))
        return found

    a, b = tf.constant(2.0), tf.constant(3.0)

    def value_of() -> Any:
        return observed(product, [a, b], lambda value: value, see_gradients)

    with tf.autodiff.ForwardAccumulator(b, tf.constant(1.0)) as forward:
        value = value_of()
    assert float(forward.jvp(value)) == 12
    assert seen == []
    with tf.GradientTape() as outer:
        outer.watch(b)
        with tf.GradientTape() as tape:
            tape.watch(b)
            value = value_of()
        first = tape.gradient(value, b)
    assert (float(first), float(outer.gradient(first, b))) == (12, 4)
    assert seen == [1]


def test_without_a_gradient_only_the_value_is_seen() -> None:
    def see_gradients(*_: Any) -> Any:
        raise AssertionError

    found = observed(product, [tf.constant(2.0), tf.constant(3.0)], lambda v: v, see_gradients)
    assert found == 18.0
