"""Shapes and dtypes that follow from the arguments."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_xent import Reduction
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.spec import Spec


def test_unreduced_changes_the_reduction_alone() -> None:
    spec = Spec(axis=1, label_smoothing=0.25, reduction=Reduction.MEAN)
    assert spec.unreduced() == Spec(1, 0.25, Reduction.NONE)
    assert spec.reduction is Reduction.MEAN


@pytest.mark.parametrize(
    ("dtype", "real"),
    [
        (tf.float16, tf.float32),
        (tf.bfloat16, tf.float32),
        (tf.float32, tf.float32),
        (tf.float64, tf.float64),
    ],
)
def test_arithmetic_is_float32_or_wider(dtype: tf.DType, real: tf.DType) -> None:
    assert spec_lib.real_dtype(dtype) == real


@pytest.mark.parametrize(
    ("shape", "axis", "losses"),
    [
        (None, -1, None),
        (None, 3, None),
        ([5], 0, []),
        ([2, 3], -1, [2]),
        ([2, 3], 0, [3]),
        ([None, 3], -1, [None]),
        ([None, 3], -2, [3]),
        ([2, None, 4, 5], 1, [2, 4, 5]),
        ([2, 0, 4], -2, [2, 4]),
    ],
)
def test_static_losses_shape_drops_the_class_axis(
    shape: list[int | None] | None, axis: int, losses: list[int | None] | None
) -> None:
    found = spec_lib.static_losses_shape(tf.TensorShape(shape), axis)
    assert found.rank == tf.TensorShape(losses).rank
    assert losses is None or found.as_list() == losses


@pytest.mark.parametrize("known", [[2, 3, 4], [None, 3, 4], None])
def test_losses_shape_is_the_real_one_however_little_is_known(
    known: list[int | None] | None,
) -> None:
    axes = range(-3, 3)

    @tf.function(input_signature=[tf.TensorSpec(known)], autograph=False)
    def shapes_of(logits: tf.Tensor) -> list[tf.Tensor]:
        return [spec_lib.losses_shape(logits, axis) for axis in axes]

    for axis, shape in zip(axes, shapes_of(tf.zeros([2, 3, 4]))):
        assert shape.dtype == tf.int32
        np.testing.assert_array_equal(shape, np.delete([2, 3, 4], axis), err_msg=str(axis))


def test_losses_of_a_vector_are_a_scalar() -> None:
    shape = spec_lib.losses_shape(tf.zeros([7]), -1)
    assert shape.shape == [0]
    assert shape.dtype == tf.int32
