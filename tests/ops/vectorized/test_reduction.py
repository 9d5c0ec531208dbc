"""Each iteration's losses are reduced as if it were alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf1

from keras_xent import Reduction
from keras_xent._tensorflow import Mapped
from keras_xent.ops.spec import Spec
from keras_xent.ops.vectorized import reduction
from keras_xent.ops.vectorized.stacking import aligned
from keras_xent.reduction import V1_NAMES

WEIGHTS = np.float32([[1, 0, 2], [0, 0, 0]])


@pytest.mark.parametrize("known_rank", [True, False])
@pytest.mark.parametrize(
    ("kind", "of_each", "of_one", "of_a_scalar"),
    [
        (Reduction.SUM_OVER_BATCH_SIZE, 3.0, 3.0, 3.0),
        (Reduction.SUM_BY_NONZERO_WEIGHTS, [[2.0], [0.0]], [[2.0]], [[3.0], [0.0]]),
        (Reduction.MEAN, [[3.0], [0.0]], [[3.0]], [[6.0], [0.0]]),
        (Reduction.SUM, None, None, None),
        (Reduction.NONE, None, None, None),
    ],
)
def test_the_denominator_is_that_of_each_iteration(
    kind: Reduction, of_each: Any, of_one: Any, of_a_scalar: Any, known_rank: bool
) -> None:
    spec = Spec(-1, 0.0, kind)
    rank = 2 if known_rank else tf.constant(2)
    for weights, expected in (
        (Mapped(tf.constant(WEIGHTS), True), of_each),
        # The same for both iterations.
        (Mapped(tf.constant(WEIGHTS[0]), False), of_one),
        # One for all examples of an iteration.
        (Mapped(tf.constant([2.0, 0.0]), True), of_a_scalar),
    ):
        found = reduction.denominator(spec, aligned(weights, rank), tf.constant([2, 3]), rank)
        if expected is None:
            assert found is None
        else:
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("backend", "kind"),
    [
        ("native", Reduction.MEAN),
        ("portable", Reduction.SUM_BY_NONZERO_WEIGHTS),
        ("auto", Reduction.SUM_BY_NONZERO_WEIGHTS),
    ],
    indirect=["backend"],
)
def test_a_division_by_zero_gives_zero_even_of_nan(backend: str, kind: Reduction) -> None:
    logits = tf.constant([[[np.inf, 0.0, 1.0]], [[1.0, 2.0, 3.0]]])
    labels = tf.constant([[[0.2, 0.3, 0.5]]] * 2)
    weights = tf.constant([[0.0], [1.0]])

    def step(arrays: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(arrays[0])
            value = tf1.OURS.softmax_cross_entropy(
                arrays[1], arrays[0], arrays[2], reduction=V1_NAMES[kind]
            )
        return value, tape.gradient(value, arrays[0])

    inputs = (logits, labels, weights)
    found, _ = tf.vectorized_map(step, inputs, fallback_to_while_loop=False)
    expected = [
        tf1.THEIRS.softmax_cross_entropy(y, x, w, reduction=V1_NAMES[kind])
        for x, y, w in zip(*inputs)
    ]
    assert expected[0] == 0
    np.testing.assert_allclose(found, expected, rtol=1e-6)
