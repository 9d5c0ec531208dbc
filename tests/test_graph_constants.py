"""The search for constants: it finds those that are there, and their sizes."""

from __future__ import annotations

from typing import Any

import graph_constants
import numpy as np
import pytest
import tensorflow as tf
from graph_constants import Constant

SHAPE = (1024, 32)
ARRAYS = [np.ones(SHAPE, np.float32)]
BYTES = 1024 * 32 * 4


def written(x: tf.Tensor) -> tf.Tensor:
    """With a constant of many numbers."""
    return x + np.arange(1024 * 32, dtype=np.float32).reshape(SHAPE)


def in_a_conditional(x: tf.Tensor) -> tf.Tensor:
    """The constant is in a function of the graph's library."""
    return tf.cond(tf.reduce_sum(x) > 0, lambda: written(x), lambda: x)


def like(x: tf.Tensor) -> tf.Tensor:
    """With none until TensorFlow makes one of it: a small text in a file, and large in memory."""
    return tf.cumsum(x * tf.zeros_like(x)[::-1] + tf.ones_like(x))


def broadcast(x: tf.Tensor) -> tf.Tensor:
    """With none until TensorFlow prepares to run it: Grappler folds no more than 100 KiB."""
    return x * tf.broadcast_to(tf.constant(2.0), x.shape)


def none(x: tf.Tensor) -> tf.Tensor:
    return 2.0 * x + 1.0


def places(constants: list[Constant]) -> list[str]:
    found = graph_constants.large(constants)
    assert {constant.size for constant in found} <= {BYTES}
    return sorted({constant.where.split(",")[0] for constant in found})


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (written, ["as it runs", "optimized", "traced"]),
        (in_a_conditional, ["as it runs", "optimized", "traced"]),
        (like, ["as it runs", "optimized"]),
        (none, []),
    ],
)
def test_those_of_a_function(function: Any, expected: list[str]) -> None:
    assert places(graph_constants.of_function(function, ARRAYS)) == expected


def test_those_that_a_function_captures() -> None:
    captured = tf.ones(SHAPE)
    found = graph_constants.of_function(lambda x: x + captured, ARRAYS)
    assert places(found) == ["captured"]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (written, ["as it runs", "built"]),
        (in_a_conditional, ["as it runs", "built"]),
        (like, ["as it runs"]),
        (broadcast, ["as it runs"]),
        (none, []),
    ],
)
def test_those_of_a_session(function: Any, expected: list[str]) -> None:
    assert places(graph_constants.of_session(function, ARRAYS, [SHAPE])) == expected


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (written, ["XLA", "traced for XLA"]),
        (in_a_conditional, ["XLA", "traced for XLA"]),
        (none, []),
    ],
)
def test_those_under_xla(function: Any, expected: list[str]) -> None:
    assert places(graph_constants.of_xla(function, ARRAYS)) == expected


def test_with_unknown_shapes_nothing_becomes_a_constant() -> None:
    signature = graph_constants.unknown(ARRAYS)
    assert places(graph_constants.of_function(like, ARRAYS, signature)) == []
    assert places(graph_constants.of_function(written, ARRAYS, signature)) != []
    assert places(graph_constants.of_xla(written, ARRAYS, signature)) != []


def test_the_text_of_xla_is_read() -> None:
    text = """
      %constant.7 = f32[64,32768]{1,0} constant({...})
      ROOT %constant.8 = pred[3]{0} constant({1, 0, 1})
      %c = bf16[] constant(0)
      %copy = f32[64,32768]{1,0} copy(%constant.7)
    """
    assert graph_constants.in_hlo(text) == [
        Constant("XLA", "%constant.7", 64 * 32768 * 4),
        Constant("XLA", "%constant.8", 3),
        Constant("XLA", "%c", 2),
    ]
