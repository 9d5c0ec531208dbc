"""The class axis moved to the end and back, with static and unknown ranks."""

from __future__ import annotations

import functools
from typing import Any, Callable

import numpy as np
import pytest
import tensorflow as tf

from keras_xent.ops import class_axis

SHAPES_AND_AXES = [
    ((4,), -1),
    ((4,), 0),
    ((3, 4), 1),
    ((3, 4), 0),
    ((2, 3, 4, 5), 0),
    ((2, 3, 4, 5), 1),
    ((2, 3, 4, 5), -2),
    ((2, 3, 4, 5), 3),
    ((2, 0, 4), 1),
]
each_axis = pytest.mark.parametrize(("shape", "axis"), SHAPES_AND_AXES)


def numbers(shape: tuple[int, ...]) -> np.ndarray:
    return np.arange(np.prod(shape), dtype="f").reshape(shape)


@functools.lru_cache(maxsize=None)
def without_a_rank(function: Callable[..., tf.Tensor], *axis: int) -> Any:
    """The function of tensors of any rank, traced once."""
    return tf.function(
        lambda x: function(x, *axis), input_signature=[tf.TensorSpec(None)], autograph=False
    )


@each_axis
def test_the_class_axis_moves_and_the_others_keep_their_order(
    shape: tuple[int, ...], axis: int
) -> None:
    x = numbers(shape)
    expected = np.moveaxis(x, axis, -1)
    np.testing.assert_array_equal(class_axis.moved_last(tf.constant(x), axis), expected)
    found = without_a_rank(class_axis.moved_last, axis)(x)
    np.testing.assert_array_equal(found, expected)


@each_axis
def test_it_moves_back(shape: tuple[int, ...], axis: int) -> None:
    x = numbers(shape)
    moved = np.moveaxis(x, axis, -1)
    np.testing.assert_array_equal(class_axis.moved_back(tf.constant(moved), axis), x)
    found = without_a_rank(class_axis.moved_back, axis)(moved)
    np.testing.assert_array_equal(found, x)


def test_a_tensor_whose_class_axis_is_last_is_not_copied() -> None:
    x = tf.constant(numbers((3, 4)))
    assert class_axis.moved_last(x, -1) is x
    assert class_axis.moved_back(x, 1) is x


@pytest.mark.parametrize("axis", [3, 7, -4])
def test_an_axis_that_there_is_not_is_an_error_when_a_graph_runs(axis: int) -> None:
    for move in (class_axis.moved_last, class_axis.moved_back):
        with pytest.raises(tf.errors.InvalidArgumentError):
            without_a_rank(move, axis)(numbers((2, 3, 4)))


@pytest.mark.parametrize(
    ("shape", "rows"), [((4,), 1), ((3, 4), 3), ((2, 3, 4), 6), ((2, 3, 0), 6), ((0, 3, 4), 0)]
)
def test_a_matrix_has_a_row_for_each_loss(shape: tuple[int, ...], rows: int) -> None:
    x = numbers(shape)
    expected = x.reshape(rows, shape[-1])
    np.testing.assert_array_equal(class_axis.as_matrix(tf.constant(x)), expected)
    np.testing.assert_array_equal(without_a_rank(class_axis.as_matrix)(x), expected)


def test_the_matrix_knows_what_can_be_known() -> None:
    shapes = []
    for dims in ([2, 3, 4], [2, None, 4], [None, None, None], None):
        with tf.Graph().as_default():
            x = tf.compat.v1.placeholder(tf.float32, dims)
            shapes.append(class_axis.as_matrix(x).shape)
    assert [shape.as_list() for shape in shapes[:3]] == [[6, 4], [None, 4], [None, None]]
    assert shapes[3].rank == 2


def test_the_size_of_the_class_axis_where_it_is_known() -> None:
    sizes = [
        class_axis.static_size(tf.TensorShape(dims), axis)
        for dims, axis in [([2, 3], 0), ([2, 3], -1), ([None, 3], 0), ([0], 0), (None, -1)]
    ]
    assert sizes == [2, 3, None, 0, None]


def test_a_product_with_a_number_for_each_loss() -> None:
    x, per_loss = tf.constant(numbers((2, 3, 4))), tf.constant([[1.0, 2, 3, 4], [5, 6, 7, 8]])
    found = class_axis.times(x, per_loss, 1, tf.float16)
    assert found.dtype == tf.float16
    np.testing.assert_array_equal(found, numbers((2, 3, 4)) * per_loss.numpy()[:, None])
    np.testing.assert_array_equal(class_axis.times(x, tf.constant(2.0), 1, tf.float32), 2 * x)


def test_numbers_for_each_loss_get_a_class_axis_and_a_scalar_does_not() -> None:
    scalar = tf.constant(2.0)
    assert class_axis.beside_classes(scalar, 1) is scalar
    assert class_axis.beside_classes(tf.zeros([2, 5]), 1).shape == [2, 1, 5]
    assert class_axis.beside_classes(tf.zeros([2, 5]), -1).shape == [2, 5, 1]
