"""The ops with class ids, called by themselves: TensorFlow's numbers, and what they refuse."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np
import pytest
import tensorflow as tf

from keras_xent.ops import library

pytestmark = pytest.mark.skipif(library.problem() is not None, reason=str(library.problem()))

# Rows of few and many classes, and a class axis that is not the last.
SHAPES = [((9, 5), -1), ((9, 70), -1), ((3, 4, 3000), 2), ((4, 7, 5), 1), ((6, 2, 3), 0)]
EPSILONS = {tf.float16: 2**-10, tf.bfloat16: 2**-7, tf.float32: 2**-23, tf.float64: 2**-49}


def ops() -> Any:
    return library.load().ops


def made(shape: Sequence[int], axis: int, dtype: tf.DType, ids: tf.DType) -> Any:
    rng = np.random.default_rng(0)
    losses_shape = list(shape)
    classes = losses_shape.pop(axis)
    logits = tf.cast(3 * rng.normal(size=shape), dtype)
    weights = tf.cast(rng.random(losses_shape), tf.float64 if dtype.size == 8 else tf.float32)
    return logits, tf.constant(rng.integers(0, classes, losses_shape), ids), weights


@pytest.mark.parametrize("ids", [tf.int32, tf.int64])
@pytest.mark.parametrize("dtype", EPSILONS, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize(("shape", "axis"), SHAPES)
def test_losses_and_gradients_are_tensorflows(
    shape: Sequence[int], axis: int, dtype: tf.DType, ids: tf.DType
) -> None:
    logits, labels, weights = made(shape, axis, dtype, ids)
    exact = tf.cast(logits, tf.float64)
    last = [i for i in range(len(shape)) if i != axis % len(shape)] + [axis % len(shape)]
    with tf.GradientTape() as tape:
        tape.watch(exact)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels, tf.transpose(exact, last)
        ) * tf.cast(weights, tf.float64)
    wanted = tape.gradient(losses, exact)
    found, backprop = ops().keras_xent_unreduced_sparse_softmax_cross_entropy_with_backprop(
        logits, labels, weights, 0.0, axis=axis
    )
    tolerance = 2 * EPSILONS[dtype]
    np.testing.assert_allclose(tf.cast(found, tf.float64), losses, rtol=tolerance)
    np.testing.assert_allclose(tf.cast(backprop, tf.float64), wanted, rtol=tolerance, atol=1e-7)
    total, same = ops().keras_xent_sparse_softmax_cross_entropy_with_backprop(
        logits, labels, weights, 0.0, axis=axis, reduction="sum"
    )
    np.testing.assert_allclose(tf.cast(total, tf.float64), tf.reduce_sum(losses), rtol=tolerance)
    np.testing.assert_array_equal(same, backprop)
    np.testing.assert_array_equal(
        ops().keras_xent_sparse_softmax_cross_entropy_grad(logits, labels, weights, 0.0, axis=axis),
        backprop,
    )


@pytest.mark.parametrize("wrong", [-1, 3, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_an_id_out_of_range_is_named_whatever_its_weight(wrong: int, weight: float) -> None:
    ids = tf.constant([[0, 1], [2, wrong]])
    logits, weights = tf.zeros([2, 2, 3]), tf.constant([[1.0, 1.0], [1.0, weight]])
    message = rf"labels are class ids and must be in \[0, 3\); the one at \[1,1\] is {wrong}\b"
    for op in (
        ops().keras_xent_unreduced_sparse_softmax_cross_entropy,
        ops().keras_xent_unreduced_sparse_softmax_cross_entropy_with_backprop,
        ops().keras_xent_sparse_softmax_cross_entropy_grad,
    ):
        for labels in (ids, tf.cast(ids, tf.int64)):
            with pytest.raises(tf.errors.InvalidArgumentError, match=message):
                op(logits, labels, weights, 0.0)


def test_without_classes_no_id_is_in_range_and_without_examples_all_are() -> None:
    op = ops().keras_xent_sparse_softmax_cross_entropy
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"must be in \[0, 0\)"):
        op(tf.zeros([2, 0]), tf.zeros([2], tf.int32), 1.0, 0.0, reduction="sum")
    for classes in (0, 3):
        value = op(tf.zeros([0, classes]), tf.zeros([0], tf.int32), 1.0, 0.0, reduction="sum")
        assert float(value) == 0


@pytest.mark.parametrize("shape", [(), (3,), (2, 1), (2, 3)])
def test_ids_of_another_shape_raise_an_error(shape: Sequence[int]) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"the losses' shape \[2\]"):
        ops().keras_xent_unreduced_sparse_softmax_cross_entropy(
            tf.zeros([2, 3]), tf.zeros(shape, tf.int32), 1.0, 0.0
        )
