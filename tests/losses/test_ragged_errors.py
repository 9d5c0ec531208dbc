"""Ragged labels, predictions and weights that don't fit one another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from ragged_rows import SPLITS, in_graph, rows

from keras_xent import CategoricalCrossentropy

RNG = np.random.default_rng(0)
LABELS = np.eye(3, dtype=np.float32)[RNG.integers(0, 3, 6)]
LOGITS = RNG.normal(size=(6, 3)).astype(np.float32)
EACH = np.float32([1, 0, 2, 0.5, 3, 0])
SAMPLES = np.float32([0.5, 7, 0, 3])
OTHER = rows(LABELS, [0, 1, 2, 3, 6])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ((OTHER, rows(LOGITS)), "y_true and y_pred must have the same row lengths"),
        (
            (rows(LABELS, [0, 2, 6]), rows(LOGITS)),
            "y_true and y_pred must have the same row lengths",
        ),
        (
            (rows(LABELS), rows(LOGITS), OTHER.with_flat_values(EACH)),
            "sample_weight and the losses must have the same row lengths",
        ),
        (
            (rows(LABELS), rows(LOGITS), np.ones((4, 3), np.float32)),
            "sample_weight and the losses must have the same row lengths",
        ),
        (
            (rows(LABELS), rows(LOGITS), np.ones(3, np.float32)),
            "sample_weight and the losses have different numbers of rows",
        ),
    ],
)
def test_other_rows_raise_an_error(inputs: Any, message: str) -> None:
    loss = CategoricalCrossentropy(from_logits=True)
    with pytest.raises(ValueError, match=message):
        loss(*inputs)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        in_graph(loss, *inputs)


def test_under_xla_each_ragged_dimension_counts() -> None:
    """The outer or the inner rows differ."""
    loss = CategoricalCrossentropy(True, reduction="sum")
    outer, other_outer = [0, 1, 4], [0, 2, 4]
    logits = tf.RaggedTensor.from_nested_row_splits(LOGITS, [outer, SPLITS])
    for splits in ([outer, [0, 1, 2, 3, 6]], [other_outer, SPLITS]):
        labels = tf.RaggedTensor.from_nested_row_splits(LABELS, splits)
        assert np.isnan(in_graph(loss, labels, logits, jit_compile=True))
    labels = logits.with_flat_values(LABELS)
    value = in_graph(loss, labels, logits, jit_compile=True)
    np.testing.assert_allclose(value, loss(LABELS, LOGITS), rtol=1e-5)


def test_rows_are_checked_in_float64_too() -> None:
    labels, logits = rows(LABELS.astype(np.float64)), rows(LOGITS.astype(np.float64))
    loss = CategoricalCrossentropy(from_logits=True, dtype="float64")
    np.testing.assert_allclose(in_graph(loss, labels, logits), loss(LABELS, LOGITS), rtol=1e-6)


@pytest.mark.parametrize("reduction", ["sum", "sum_by_nonzero_weights", "none"])
def test_under_xla_other_rows_give_nan(reduction: str) -> None:
    """XLA compiles no assertions, and the values of other rows would be taken for these."""
    loss = CategoricalCrossentropy(True, reduction=reduction)

    def rows_of(values: tf.Tensor, splits: tf.Tensor) -> tf.RaggedTensor:
        return tf.RaggedTensor.from_row_splits(values, splits, validate=False)

    @tf.function(jit_compile=True, autograph=False)
    def value(labels_splits: tf.Tensor, weights_splits: tf.Tensor) -> tf.Tensor:
        splits = tf.constant(SPLITS, tf.int64)
        labels, weights = rows_of(LABELS, labels_splits), rows_of(EACH, weights_splits)
        losses = loss(labels, rows_of(LOGITS, splits), weights)
        return losses if reduction != "none" else losses.flat_values

    right, wrong = tf.constant(SPLITS, tf.int64), tf.constant([0, 1, 2, 3, 6], tf.int64)
    expected = loss(rows(LABELS), rows(LOGITS), rows(EACH))
    if reduction == "none":
        expected = expected.flat_values
    np.testing.assert_allclose(value(right, right), expected, rtol=1e-5)
    for splits in ((wrong, right), (right, wrong)):
        assert np.isnan(value(*splits)).all()


def test_the_error_has_the_rows() -> None:
    loss = CategoricalCrossentropy(from_logits=True)
    with pytest.raises(ValueError, match=r"\[0 1 2 3 6\] and \[0 2 2 3 6\]"):
        loss(OTHER, rows(LOGITS))
    with pytest.raises(ValueError, match="different numbers of rows: 3 and 4"):
        loss(rows(LABELS), rows(LOGITS), np.ones(3, np.float32))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"\[0 1 2.*\] \[0 2 2.*\]"):
        in_graph(loss, OTHER, rows(LOGITS))


def test_other_numbers_of_ragged_dimensions_raise_an_error() -> None:
    loss = CategoricalCrossentropy(from_logits=True)
    nested = tf.RaggedTensor.from_nested_row_splits(LABELS, [[0, 1, 4], SPLITS])
    with pytest.raises(ValueError, match=r"y_true has ragged_rank 2 and .* expected ragged_rank 1"):
        loss(nested, rows(LOGITS))
    with pytest.raises(ValueError, match="sample_weight has 2 ragged dimensions, and the losses"):
        loss(rows(LABELS), rows(LOGITS), nested.with_flat_values(EACH))
    message = "sample_weight has . values for each sample, and the losses are ragged"
    with pytest.raises(ValueError, match=message):
        nested_logits = nested.with_flat_values(LOGITS)
        loss(nested, nested_logits, rows(np.ones((4, 5), np.float32), [0, 1, 4]))
    unknown = tf.TensorSpec([None, None])
    with pytest.raises(ValueError, match="sample_weight has an unknown number of values for each"):
        tf.function(
            lambda each: loss(
                nested, nested_logits, tf.RaggedTensor.from_row_splits(each, [0, 1, 4], False)
            ),
            input_signature=[unknown],
            autograph=False,
        ).get_concrete_function()


def test_weights_of_unknown_rank_raise_an_error() -> None:
    loss = CategoricalCrossentropy(from_logits=True)

    def run(weights: tf.Tensor) -> Any:
        return loss(rows(LABELS), rows(LOGITS), weights)

    with pytest.raises(ValueError, match="sample_weight has an unknown rank"):
        tf.function(run, input_signature=[tf.TensorSpec(None)], autograph=False)(SAMPLES)


@pytest.mark.parametrize("axis", [0, 1, -2, -3, 3, -4])
def test_an_axis_that_is_no_class_axis_raises_an_error(axis: int) -> None:
    loss = CategoricalCrossentropy(from_logits=True, axis=axis)
    with pytest.raises(ValueError, match=rf"axis is {axis}, expected -1 or a dimension"):
        loss(rows(LABELS), rows(LOGITS))


def test_ragged_tensors_beside_dense_ones_raise_an_error() -> None:
    loss = CategoricalCrossentropy(from_logits=True)
    dense = rows(LOGITS).to_tensor()
    with pytest.raises(TypeError, match="y_true is a RaggedTensor and y_pred isn't"):
        loss(rows(LABELS), dense)
    with pytest.raises(TypeError, match="sample_weight is a RaggedTensor, expected a dense"):
        loss(dense, dense, rows(EACH))
    dense._keras_mask = rows(EACH > 0)
    with pytest.raises(TypeError, match="the mask is a RaggedTensor, expected a dense"):
        loss(dense, dense)
