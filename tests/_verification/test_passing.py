"""Gradients pass an onlooker on their way."""

from __future__ import annotations

from typing import Any, List

import pytest
import tensorflow as tf

from keras_xent._verification.passing import watched


@pytest.mark.parametrize("traced", [False, True])
def test_the_onlooker_sees_and_may_replace_the_gradients(traced: bool) -> None:
    seen: List[int] = []

    def onlooker(gradients: List[Any]) -> List[Any]:
        seen.append(len(gradients))
        return [gradients[0] * 10, gradients[1]]

    def run(a: Any, b: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch([a, b])
            through_a, through_b = watched([a, b], onlooker)
            value = through_a * through_b
        return [value, *tape.gradient(value, [a, b])]

    run = tf.function(run) if traced else run
    found = run(tf.constant(2.0), tf.constant(3.0))
    assert [float(each) for each in found] == [6.0, 30.0, 2.0]
    assert seen == [2]


def test_without_a_gradient_nobody_is_called() -> None:
    def onlooker(_: Any) -> Any:
        raise AssertionError

    (through,) = watched([tf.constant(2.0)], onlooker)
    assert through == 2.0
