"""Tensors of all iterations, with ranks that are known and ranks that are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras_xent import Reduction
from keras_xent._tensorflow import Mapped
from keras_xent.ops.spec import Spec
from keras_xent.ops.vectorized import stacking


def spec_of(axis: int | None) -> Spec:
    return Spec(axis, 0.0, Reduction.SUM)


def traced(function: Any, array: Any, known: bool) -> np.ndarray:
    array = np.float32(array)
    spec = tf.TensorSpec(array.shape if known else None, tf.float32)
    return np.asarray(tf.function(function, input_signature=[spec], autograph=False)(array))


@pytest.mark.parametrize(("axis", "expected"), [(None, None), (0, 1), (2, 3), (-1, -1)])
def test_the_class_axis_counts_the_iterations_too(axis: Any, expected: Any) -> None:
    assert stacking.stacked_axis(spec_of(axis)) == expected


@pytest.mark.parametrize("known", [True, False])
def test_what_is_one_for_all_is_repeated(known: bool) -> None:
    row = np.float32([1, 2])

    def repeated(tensor: tf.Tensor) -> tf.Tensor:
        return stacking.stacked(Mapped(tensor, False), tf.constant([3]))

    np.testing.assert_array_equal(traced(repeated, row, known), [row] * 3)
    tensor = tf.constant([row] * 3)
    assert stacking.stacked(Mapped(tensor, True), tf.constant([3])) is tensor


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("is_stacked", [True, False])
@pytest.mark.parametrize(("axis", "losses"), [(-1, 1), (0, 1), (None, 2)])
def test_the_rank_of_the_stacked_losses(
    axis: Any, losses: int, is_stacked: bool, known: bool
) -> None:
    def rank(logits: tf.Tensor) -> Any:
        found = stacking.rank_of_losses(spec_of(axis), Mapped(logits, is_stacked))
        assert isinstance(found, int) is known
        return tf.constant(found) if known else found

    shape = (5, 4, 3) if is_stacked else (4, 3)
    assert traced(rank, np.zeros(shape), known) == losses + 1


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("shape", "is_stacked", "expected"),
    [
        ((5,), True, (5, 1, 1)),
        ((5, 4, 1), True, (5, 4, 1)),
        ((), False, (1, 1, 1)),
        ((4, 2), False, (1, 4, 2)),
    ],
)
def test_weights_are_aligned_with_the_stacked_losses(
    shape: Any, is_stacked: bool, expected: Any, known: bool
) -> None:
    weights = np.arange(np.prod(shape, dtype=int)).reshape(shape)

    def aligned(weights: tf.Tensor) -> tf.Tensor:
        return stacking.aligned(Mapped(weights, is_stacked), 3 if known else tf.constant(3))

    np.testing.assert_array_equal(traced(aligned, weights, known), weights.reshape(expected))


def test_the_axes_of_an_iteration() -> None:
    assert stacking.all_but_first(3) == [1, 2]
    np.testing.assert_array_equal(stacking.all_but_first(tf.constant(3)), [1, 2])
