"""Two tensors are compared number by number."""

from __future__ import annotations

from typing import Any

import modes
import numpy as np
import pytest
import tensorflow as tf

from keras_xent.comparing.difference import text
from keras_xent.comparing.tensors import compare

NAN, INF = np.nan, np.inf


# Of ours and theirs, and whether they are the same.
PAIRS: list[tuple[Any, Any, bool]] = [
    (1.0, 1.05, True),
    (1.0, 1.2, False),
    ([1.0, NAN, INF, -INF], [1.0, NAN, INF, -INF], True),
    (NAN, 1.0, False),
    (1.0, NAN, False),
    (INF, -INF, False),
    (1.0, INF, False),
    ([], [], True),
    ([], [1.0], False),
    ([1.0], 1.0, False),
    ([1.0, 2.0], [1.0], False),
    ([[1.0, 2.0]], [1.0, 2.0], False),
    ([[1.0], [2.0]], [[1.0, 2.0]], False),
]


def compared(ours: Any, theirs: Any) -> Any:
    same, pieces = compare(ours, theirs, 0.1)
    return same, [each for each in pieces if tf.is_tensor(each)]


# In a TF1 graph: test_verification.py.
@pytest.mark.parametrize("mode", ["eager", "traced_unknown_shapes"])
def test_compare(mode: str) -> None:
    compare_in_mode = modes.once(mode, compared)
    for ours, theirs, same in PAIRS:
        found, _ = compare_in_mode(np.array(ours, np.float32), np.array(theirs, np.float32))
        assert bool(found) is same, (ours, theirs)


def test_compare_in_a_graph_that_knows_the_shapes() -> None:
    def compare_all(*inputs: Any) -> Any:
        return [compared(*pair) for pair in zip(inputs[::2], inputs[1::2])]

    inputs = [np.array(each, np.float32) for pair in PAIRS for each in pair[:2]]
    for (ours, theirs, same), (found, _) in zip(PAIRS, modes.traced(compare_all, *inputs)):
        assert bool(found) is same, (ours, theirs)


def test_the_tolerance_may_be_an_elements_own() -> None:
    ours, theirs = tf.constant([1.0, 2.0]), tf.constant([1.1, 2.1])
    assert compare(ours, theirs, tf.constant([0.2, 0.2]))[0]
    same, pieces = compare(ours, theirs, tf.constant([0.2, 0.05], tf.float64))
    assert not same
    assert "keras_xent 2, TensorFlow 2.0999999" in text(pieces)
    assert "tolerance 0.05\n" in text(pieces)
    assert "at flat index 1; elements that differ: 1 of 2" in text(pieces)


def test_an_infinite_tolerance_excuses_no_infinity() -> None:
    assert not compare(tf.constant(1.0), tf.constant(INF), INF)[0]
