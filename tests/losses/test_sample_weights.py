"""Weights and masks become weights that the op takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras_xent import Reduction
from keras_xent.losses import sample_weights

RNG = np.random.default_rng(0)


def for_losses(
    weights: Any,
    rank: int,
    mask: Any = None,
    dtype: tf.DType = tf.float32,
    reduction: Reduction = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:
    return sample_weights.for_losses(weights, mask, rank, dtype, reduction)


def test_no_weights_are_the_scalar_one() -> None:
    weights, last_dim = for_losses(None, 2)
    assert weights.shape == []
    assert float(weights) == 1
    assert not last_dim


@pytest.mark.parametrize(
    ("shape", "rank", "aligned"),
    [
        ((), 0, ()),
        ((), 2, ()),
        ((4,), 1, (4,)),
        ((4, 1), 1, (4,)),
        ((1,), 0, ()),
        ((4,), 2, (4, 1)),
        ((4,), 3, (4, 1, 1)),
        ((4, 3), 2, (4, 3)),
        ((4, 1), 2, (4, 1)),
        ((1, 3), 2, (1, 3)),
        ((4, 3, 1), 2, (4, 3)),
        ((4, 1, 1), 2, (4, 1)),
        ((4, 3), 3, (4, 3, 1)),
    ],
)
def test_weights_get_the_losses_rank(shape: Any, rank: int, aligned: Any) -> None:
    values = RNG.uniform(size=shape).astype(np.float32)
    weights, _ = for_losses(values, rank)
    assert weights.shape == aligned
    np.testing.assert_array_equal(weights, values.reshape(aligned))


@pytest.mark.parametrize("rank_known", [True, False])
@pytest.mark.parametrize(
    ("shape", "rank"), [((), 1), ((4,), 1), ((4, 1), 1), ((4,), 2), ((4, 3, 1), 2), ((4, 3), 2)]
)
def test_weights_of_unknown_rank_get_the_losses_rank(
    shape: Any, rank: int, rank_known: bool
) -> None:
    values = RNG.uniform(size=shape).astype(np.float32)

    def run(weights: tf.Tensor, losses: tf.Tensor) -> tf.Tensor:
        known = rank if rank_known else sample_weights.rank_of(losses)
        return for_losses(weights, known)[0]

    unknown = tf.TensorSpec(None, tf.float32)
    function = tf.function(run, input_signature=[unknown, unknown], autograph=False)
    aligned = function(values, np.zeros([2] * rank, np.float32))
    expected = for_losses(values, rank)[0]
    np.testing.assert_array_equal(np.squeeze(aligned), np.squeeze(expected))
    assert aligned.shape.rank in (0, rank)


def test_weights_of_unknown_rank_that_do_not_fit_fail_when_run() -> None:
    unknown = tf.TensorSpec(None, tf.float32)
    function = tf.function(
        lambda weights: for_losses(weights, 1)[0], input_signature=[unknown], autograph=False
    )
    with pytest.raises(tf.errors.InvalidArgumentError):
        function(np.ones((4, 3), np.float32))


def test_an_unknown_batch_size_stays_unknown() -> None:
    seen = []

    def run(weights: tf.Tensor) -> tf.Tensor:
        aligned, _ = for_losses(weights, 2)
        seen.append(aligned.shape.as_list())
        return aligned

    signature = [tf.TensorSpec([None], tf.float32)]
    tf.function(run, input_signature=signature, autograph=False)(np.ones(3, np.float32))
    assert seen == [[None, 1]]


@pytest.mark.parametrize(
    ("shape", "rank"), [((4, 3), 1), ((4, 3, 2), 2), ((4, 3, 1, 1), 2), ((4, 1, 1), 1), ((2,), 0)]
)
def test_weights_with_too_many_dimensions_raise_an_error(shape: Any, rank: int) -> None:
    message = rf"sample_weight has shape .*the losses have rank {rank}: pass a scalar"
    with pytest.raises(ValueError, match=message):
        for_losses(np.ones(shape), rank)


def test_a_mask_with_too_many_dimensions_raises_an_error() -> None:
    with pytest.raises(ValueError, match=r"the mask has shape .*: expected a mask of the"):
        for_losses(None, 1, mask=np.ones((4, 3), bool))


def test_ragged_weights_beside_dense_losses_raise_an_error() -> None:
    ragged = tf.ragged.constant([[1.0], [1.0, 2.0]])
    with pytest.raises(TypeError, match="sample_weight is a RaggedTensor"):
        for_losses(ragged, 2)
    with pytest.raises(TypeError, match="the mask is a RaggedTensor"):
        for_losses(None, 2, mask=ragged)


@pytest.mark.parametrize(
    ("shape", "rank", "last_dim"),
    [
        ((4, 1), 1, True),
        ((4,), 1, False),
        ((), 1, False),
        ((4, 3, 1), 2, False),
        ((4, 1), 2, False),
    ],
)
def test_only_one_more_dimension_beside_vectors_of_losses_is_told(
    shape: Any, rank: int, last_dim: bool
) -> None:
    assert for_losses(np.ones(shape), rank)[1] is last_dim


@pytest.mark.parametrize(
    ("dtype", "real"),
    [
        (tf.float16, tf.float32),
        (tf.bfloat16, tf.float32),
        (tf.float32, tf.float32),
        (tf.float64, tf.float64),
    ],
)
@pytest.mark.parametrize(
    "weights", [None, 0.5, [1, 0], [True, False], np.ones(2), np.ones(2, np.int64)], ids=str
)
def test_weights_of_any_kind_are_real_numbers(weights: Any, dtype: Any, real: Any) -> None:
    assert for_losses(weights, 1, dtype=dtype)[0].dtype == real
    assert for_losses(weights, 1, np.array([True, False]), dtype)[0].dtype == real


def test_python_numbers_beside_float64_are_not_rounded_to_float32() -> None:
    assert float(for_losses(0.1, 1, dtype=tf.float64)[0]) == 0.1
    assert for_losses([0.1, 0.7], 1, dtype=tf.float64)[0].numpy().tolist() == [0.1, 0.7]


def test_a_variable_may_be_a_weight() -> None:
    variable = tf.Variable([1.0, 0.0])
    np.testing.assert_array_equal(for_losses(variable, 1)[0], [1, 0])


@pytest.mark.parametrize("mask_dtype", [bool, np.float32, np.int32])
def test_a_mask_is_zero_weights(mask_dtype: Any) -> None:
    mask = np.array([1, 0, 1], mask_dtype)
    np.testing.assert_array_equal(for_losses(None, 1, mask)[0], [1, 0, 1])
    np.testing.assert_array_equal(for_losses([0.5, 2.0, 0.0], 1, mask)[0], [0.5, 0, 0])


@pytest.mark.parametrize("reduction", [each for each in Reduction if each != "sum_over_batch_size"])
def test_a_mask_is_not_scaled(reduction: Reduction) -> None:
    weights, _ = for_losses(2.0, 1, np.array([True, False]), reduction=reduction)
    np.testing.assert_array_equal(weights, [2, 0])


def test_a_mask_is_scaled_for_a_mean_over_what_it_keeps() -> None:
    mask = np.array([[True, True, False], [True, False, False]])
    losses = RNG.uniform(size=mask.shape).astype(np.float32)
    weights, _ = for_losses([1.0, 3.0], 2, mask, reduction=Reduction.SUM_OVER_BATCH_SIZE)
    expected = (losses * [[1], [3]])[mask].sum() / mask.sum()
    assert float(tf.reduce_mean(losses * weights)) == pytest.approx(expected)


def test_a_mask_that_keeps_nothing_gives_zeros() -> None:
    weights, _ = for_losses(None, 1, np.zeros(3, bool), reduction=Reduction.SUM_OVER_BATCH_SIZE)
    np.testing.assert_array_equal(weights, [0, 0, 0])


def test_a_mask_of_samples_beside_losses_of_elements() -> None:
    weights, _ = for_losses(np.ones((2, 3), np.float32), 2, np.array([True, False]))
    np.testing.assert_array_equal(weights, [[1, 1, 1], [0, 0, 0]])


@pytest.mark.parametrize(
    ("labels", "predictions", "common"),
    [
        ((4, 3), (4, 3), (4, 3)),
        ((4, 3, 1), (4, 3), (4, 3)),
        ((4, 3), (4, 3, 1), (4, 3)),
        ((4,), (4, 1), (4, 1)),
        ((4, 1), (4,), (4, 1)),
        ((1,), (1, 1), (1, 1)),
    ],
)
def test_labels_and_predictions_get_one_rank(labels: Any, predictions: Any, common: Any) -> None:
    results = sample_weights.same_rank(tf.ones(labels), tf.ones(predictions))
    assert [tuple(result.shape) for result in results] == [common, common]


@pytest.mark.parametrize(
    ("labels", "predictions"), [((4, 3), (4,)), ((4,), (4, 3)), ((4, 3, 1, 1), (4, 3))]
)
def test_other_ranks_are_left_for_the_op_to_refuse(labels: Any, predictions: Any) -> None:
    results = sample_weights.same_rank(tf.ones(labels), tf.ones(predictions))
    assert [tuple(result.shape) for result in results] == [labels, predictions]


def test_unknown_ranks_are_left_alone() -> None:
    def run(labels: tf.Tensor, predictions: tf.Tensor) -> Any:
        results = sample_weights.same_rank(labels, predictions)
        assert results[0] is labels
        assert results[1] is predictions
        assert isinstance(sample_weights.rank_of(labels), tf.Tensor)
        return sample_weights.rank_of(labels)

    signature = [tf.TensorSpec(None, tf.float32), tf.TensorSpec([None, 3], tf.float32)]
    function = tf.function(run, input_signature=signature, autograph=False)
    assert int(function(tf.ones([2, 3]), tf.ones([2, 3]))) == 2


def test_a_known_rank_is_a_number() -> None:
    assert sample_weights.rank_of(tf.ones([2, 3])) == 2


def test_only_the_last_dimension_is_removed() -> None:
    results = sample_weights.same_rank(tf.ones([1, 3]), tf.ones([1, 3, 1]))
    assert [result.shape for result in results] == [(1, 3), (1, 3)]
    results = sample_weights.same_rank(tf.ones([1, 3, 1]), tf.ones([1, 3]))
    assert [result.shape for result in results] == [(1, 3), (1, 3)]


def test_the_known_dimensions_of_weights_stay_known() -> None:
    @tf.function(input_signature=[tf.TensorSpec([None, 3])], autograph=False)
    def run(weights: tf.Tensor) -> tf.Tensor:
        aligned, _ = for_losses(weights, 3)
        assert aligned.shape.as_list() == [None, 3, 1]
        return aligned

    assert run(tf.ones([2, 3])).shape == (2, 3, 1)
