"""Keras 2 with eager execution off, where a trainer of its own reduces the losses."""

from __future__ import annotations

import os
from pathlib import Path

import processes
import pytest

from keras_xent import CategoricalCrossentropy
from keras_xent._keras import IS_KERAS_3

TESTS = Path(__file__).parent.parent


@pytest.mark.skipif(IS_KERAS_3, reason="about Keras 2")
@pytest.mark.parametrize("mode", ["disable_eager_execution", "disable_v2_behavior"])
def test_fit_and_evaluate_give_tf1s_numbers(mode: str) -> None:
    printed = processes.printed_by(
        [str(TESTS / "keras2_graph_mode.py"), mode],
        env={**os.environ, "PYTHONPATH": str(TESTS.parent)},
    )
    cases = printed.splitlines()
    assert len(cases) >= (11 if mode == "disable_v2_behavior" else 4)
    assert {"fit and evaluate", "a subclass", "two outputs"} <= set(cases)


def test_with_eager_execution_on_the_reduction_can_be_read() -> None:
    for name in ("sum", "sum_by_nonzero_weights", "mean_with_sample_weight"):
        assert CategoricalCrossentropy(reduction=name).reduction == name
