"""A first call is one each time."""

from __future__ import annotations

import pytest
import tensorflow as tf

from benchmarks import contenders
from benchmarks.contenders.tensorflow_contender import TensorFlowContender
from benchmarks.setups import Setup
from benchmarks.suite import first_call

SETUP = Setup((4, 3))


def test_every_turn_traces_with_the_shapes_of_the_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    traced: list[object] = []

    def loss(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        traced.append((tf.executing_eagerly(), logits.shape))
        return tf.reduce_sum(logits)

    contender = TensorFlowContender("traced", lambda setup: loss)
    monkeypatch.setattr(contenders, "load", lambda module: contender)
    turn = first_call._turn("traced", SETUP, "evaluation", contender.inputs(SETUP))
    assert turn() > 0
    assert turn() > 0
    assert traced == [(False, (4, 3)), (False, (4, 3))]
