"""The tensors that every contender gets."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import contenders
from benchmarks.setups import LOSSES, SIGMOID, SPARSE, Setup

SHAPES = [((30, 7), -1), ((2, 5, 3, 4), 1)]


@pytest.mark.parametrize(("shape", "axis"), SHAPES)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_shapes_and_dtypes(shape: tuple, axis: int, dtype: str) -> None:
    setup = Setup(shape, dtype, axis)
    assert setup.logits().shape == setup.labels().shape == shape
    assert setup.logits().dtype == setup.labels().dtype == np.dtype(dtype)
    assert setup.weights().shape == setup.losses_shape
    assert setup.weights().dtype == np.float32
    assert setup.num_bytes == setup.logits().nbytes


@pytest.mark.parametrize(("shape", "axis"), SHAPES)
@pytest.mark.parametrize("soft_labels", [False, True])
def test_labels_are_distributions(shape: tuple, axis: int, soft_labels: bool) -> None:
    labels = Setup(shape, axis=axis, soft_labels=soft_labels).labels()
    np.testing.assert_allclose(labels.sum(axis), 1, rtol=1e-6)
    assert (np.count_nonzero(labels) == labels.size) == soft_labels


def test_a_third_of_the_weights_is_zero() -> None:
    assert np.count_nonzero(Setup((30, 7)).weights()) == 20


@pytest.mark.parametrize(("shape", "axis"), SHAPES)
def test_class_ids_are_those_of_the_one_hot_labels(shape: tuple, axis: int) -> None:
    dense, sparse = Setup(shape, axis=axis), Setup(shape, axis=axis, loss=SPARSE)
    assert sparse.labels().dtype == np.int32
    np.testing.assert_array_equal(sparse.labels(), dense.labels().argmax(axis))
    np.testing.assert_array_equal(sparse.weights(), dense.weights())


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_sigmoids_have_labels_of_0_and_1_and_a_weight_a_row(dtype: str) -> None:
    setup = Setup((30, 7, 2), dtype, loss=SIGMOID)
    labels, weights = setup.labels(), setup.weights()
    assert labels.shape == setup.losses_shape == setup.shape
    assert labels.dtype == np.dtype(dtype)
    assert 150 < np.count_nonzero(labels) == np.count_nonzero(labels == 1) < 270
    assert weights.shape == setup.weights_shape == (30, 1, 1)
    assert np.count_nonzero(weights) == 20


def test_all_losses_have_the_same_logits() -> None:
    found = [Setup((4, 3), loss=loss).logits() for loss in LOSSES]
    np.testing.assert_array_equal(found, [found[0]] * 3)


def test_the_random_numbers_stay_what_they_were() -> None:
    setup = Setup((4, 3))
    np.testing.assert_array_equal(setup.true_classes(), [1, 2, 2, 1])
    sums = setup.logits().sum(), setup.weights().sum()
    np.testing.assert_allclose(sums, [-0.507079, 3.576762], rtol=1e-5)


@pytest.mark.parametrize(("shape", "axis"), SHAPES)
@pytest.mark.parametrize("soft_labels", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
def test_tensorflow_gets_the_same_as_the_others(
    shape: tuple, axis: int, soft_labels: bool, loss: str
) -> None:
    setup = Setup(shape, axis=axis, soft_labels=soft_labels, loss=loss)
    arrays = (setup.logits(), setup.labels(), setup.weights())
    for tensor, array in zip(contenders.load("v1").inputs(setup), arrays):
        assert tensor.dtype == array.dtype
        np.testing.assert_array_equal(tensor.numpy(), array)
