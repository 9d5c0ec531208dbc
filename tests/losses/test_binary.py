"""The binary loss: its arguments, its mean over an axis before the weights, ragged tensors."""

from __future__ import annotations

import inspect
from typing import Any

import modes
import numpy as np
import pytest
import tensorflow as tf
from ragged_rows import SPLITS, rows

import keras_xent
from keras_xent import BinaryCrossentropy, Reduction
from keras_xent._keras import IS_KERAS_3
from keras_xent.reduction import V1_NAMES

keras = tf.keras
v1 = tf.compat.v1.losses
only_keras_2 = pytest.mark.skipif(IS_KERAS_3, reason="Keras 3 differs here from Keras 2")
only_keras_3 = pytest.mark.skipif(not IS_KERAS_3, reason="Keras 2 differs here from Keras 3")

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, (6, 4)).astype(np.float32)
LOGITS = RNG.normal(size=(6, 4)).astype(np.float32)
WEIGHTS = np.float32([1, 0, 2, 0.5, 3, 0])
SAMPLES = np.float32([0.5, 7, 0, 3])


def test_arguments_and_defaults_are_keras_s() -> None:
    ours = inspect.signature(BinaryCrossentropy).parameters
    theirs = inspect.signature(keras.losses.BinaryCrossentropy).parameters
    assert list(ours)[: len(theirs)] == list(theirs)
    for name, each in theirs.items():
        if name != "reduction" or IS_KERAS_3:
            assert ours[name].default == each.default
    assert list(ours) == [*theirs, *([] if IS_KERAS_3 else ["dtype"]), "normalization"]


MEANS = [Reduction.SUM_OVER_BATCH_SIZE, Reduction.MEAN, Reduction.SUM_BY_NONZERO_WEIGHTS]
# Also no weight but zeros, one class, no sample, and no class at all.
SHAPES = [(6, 4), (6, 1), (0, 4), (1, 4), (2, 3, 4), (3, 0)]


@pytest.mark.parametrize("reduction", list(Reduction))
@pytest.mark.parametrize("shape", SHAPES)
def test_fused_weights_give_the_weighted_means_over_the_axis(
    reduction: Reduction, shape: Any
) -> None:
    """The value and the gradients of: mean over the axis, then weights, then the reduction."""
    rng = np.random.default_rng(1)
    labels = tf.constant(rng.uniform(size=shape), tf.float32)
    logits = tf.constant(rng.normal(size=shape), tf.float32)

    def reference(weights: tf.Tensor) -> tf.Tensor:
        each = tf.nn.sigmoid_cross_entropy_with_logits(labels, logits)
        count = max(shape[-1], 1)
        losses = tf.reduce_sum(each, -1) / count
        return v1.compute_weighted_loss(losses, weights, reduction=V1_NAMES[reduction])

    def gradients(function: Any, weights: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch([logits, labels, weights])
            value = function(weights)
        return (value, *tape.gradient(value, [logits, labels, weights]))

    loss = BinaryCrossentropy(True, reduction=reduction)
    random = rng.uniform(0.1, 2, shape[:-1]) * (rng.uniform(size=shape[:-1]) > 0.4)
    for weights in (random, 0 * random, 0.7):
        given = tf.constant(weights, tf.float32)
        expected = gradients(reference, given)
        for backend in ("auto", "portable"):
            keras_xent.set_backend(backend)
            found = gradients(lambda w: loss(labels, logits, w), given)
            for one, other in zip(found, expected):
                np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("reduction", MEANS)
def test_means_are_tf1s_with_a_weight_for_each_sample(reduction: Reduction) -> None:
    value = BinaryCrossentropy(True, 0.1, reduction=reduction)(LABELS, LOGITS, WEIGHTS)
    expected = v1.sigmoid_cross_entropy(
        LABELS, LOGITS, WEIGHTS[:, None], 0.1, reduction=V1_NAMES[reduction]
    )
    assert float(value) == pytest.approx(float(expected))


def test_a_sum_is_tf1s_over_the_number_of_classes() -> None:
    value = BinaryCrossentropy(True, reduction="sum")(LABELS, LOGITS, WEIGHTS)
    expected = v1.sigmoid_cross_entropy(LABELS, LOGITS, WEIGHTS[:, None], reduction="weighted_sum")
    assert float(value) == pytest.approx(float(expected) / 4)


def test_the_documented_example_is_twice_keras_s() -> None:
    labels, logits = [[1, 0, 1], [0, 1, 1]], [[2.0, -1.0, 0.5], [0.3, 1.0, -0.2]]
    weights = np.float32([1, 0])
    ours = BinaryCrossentropy(True, reduction="sum_by_nonzero_weights")
    theirs = keras.losses.BinaryCrossentropy(True)
    assert float(ours(labels, logits, weights)) == pytest.approx(0.30476, abs=5e-6)
    found = theirs(np.float32(labels), np.float32(logits), weights)
    assert float(found) == pytest.approx(0.15238, abs=5e-6)


@pytest.mark.parametrize("axis", [-1, 1, 0, -2])
@pytest.mark.parametrize("reduction", list(Reduction))
def test_any_axis(axis: int, reduction: Reduction) -> None:
    labels = RNG.uniform(size=(2, 3, 4)).astype(np.float32)
    logits = RNG.normal(size=(2, 3, 4)).astype(np.float32)
    losses = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, logits), axis)
    weights = RNG.uniform(size=losses.shape).astype(np.float32)
    expected = v1.compute_weighted_loss(losses, weights, reduction=V1_NAMES[reduction])
    loss = BinaryCrossentropy(True, axis=axis, reduction=reduction)
    np.testing.assert_allclose(loss(labels, logits, weights), expected, rtol=1e-5)
    # With its weights fused and not.
    mode = {"none": "compiled_unknown_shapes", "mean_with_sample_weight": "traced_unknown_shapes"}
    if axis == 1 and reduction in mode:
        value = modes.MODES[mode[reduction]](loss, labels, logits, weights)
        np.testing.assert_allclose(value, expected, rtol=1e-5)


def test_a_weight_of_each_sample_beside_losses_of_elements() -> None:
    labels = RNG.uniform(size=(4, 4, 2)).astype(np.float32)
    logits = RNG.normal(size=(4, 4, 2)).astype(np.float32)
    losses = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, logits), -1)
    value = BinaryCrossentropy(True)(labels, logits, SAMPLES)
    expected = tf.reduce_mean(losses * SAMPLES[:, None])
    assert float(value) == pytest.approx(float(expected))


def test_large_logits_do_not_overflow(eager_backend: str) -> None:
    logits = np.float32([[1e4, -1e4, 88, -104]])
    for labels in (np.ones((1, 4), "f"), np.zeros((1, 4), "f")):
        value = BinaryCrossentropy(True)(labels, logits)
        expected = keras.losses.BinaryCrossentropy(True)(labels, logits)
        assert float(value) == pytest.approx(float(expected))


def test_half_precision_is_averaged_in_float32() -> None:
    logits = np.linspace(-3, 3, 4096)[None].astype(np.float32)
    labels = np.zeros((1, 4096), np.float32)
    expected = float(keras.losses.BinaryCrossentropy(True)(labels, logits))
    for reduction in ("none", "sum_over_batch_size"):
        loss = BinaryCrossentropy(True, dtype="bfloat16", reduction=reduction)
        value = float(tf.reduce_sum(tf.cast(loss(labels, logits), tf.float32)))
        assert value == pytest.approx(expected, rel=2**-8)


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("shape", [(6, 1), (5, 4), (4,), (6, 4, 2)])
def test_labels_of_another_shape_raise_an_error(from_logits: bool, shape: Any) -> None:
    """tf_keras repeats the first beside probabilities."""
    loss = BinaryCrossentropy(from_logits)
    with pytest.raises(ValueError, match="must have the same shape"):
        loss(np.zeros(shape, np.float32), tf.sigmoid(LOGITS))


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("jit_compile", [True, False])
def test_labels_that_turn_out_to_have_another_shape_fail(
    from_logits: bool, jit_compile: bool
) -> None:
    signature = [tf.TensorSpec([None, None], tf.float32)] * 2
    function = tf.function(
        BinaryCrossentropy(from_logits), input_signature=signature, jit_compile=jit_compile
    )
    assert np.isfinite(float(function(LABELS, tf.sigmoid(LOGITS))))
    with pytest.raises(tf.errors.InvalidArgumentError):
        function(LABELS[:, :1], tf.sigmoid(LOGITS))


@pytest.mark.parametrize("from_logits", [True, False])
def test_a_vector_beside_a_column_is_one_sample_for_each_number(from_logits: bool) -> None:
    predictions = tf.sigmoid(LOGITS[:, :1]).numpy()
    loss = BinaryCrossentropy(from_logits, reduction="none")
    expected = loss(LABELS[:, :1], predictions)
    assert expected.shape == [6]
    np.testing.assert_array_equal(loss(LABELS[:, 0], predictions), expected)
    np.testing.assert_array_equal(loss(LABELS[:, :1], predictions[:, 0]), expected)
    theirs = keras.losses.BinaryCrossentropy(from_logits, reduction="none")
    found = theirs(tf.constant(LABELS[:, 0]), tf.constant(predictions))
    assert found.shape == ([6] if IS_KERAS_3 else [])


def test_no_classes_give_0() -> None:
    nothing = np.zeros((3, 0), np.float32)
    for from_logits in (True, False):
        for reduction in Reduction:
            value = BinaryCrossentropy(from_logits, reduction=reduction)(nothing, nothing)
            assert not np.any(value)
    assert np.isnan(float(keras.losses.BinaryCrossentropy(True)(nothing, nothing)))


def assert_same_rows(value: Any, expected: Any) -> None:
    assert isinstance(value, tf.RaggedTensor) == isinstance(expected, tf.RaggedTensor)
    if isinstance(value, tf.RaggedTensor):
        np.testing.assert_array_equal(value.row_splits, expected.row_splits)
        value, expected = value.flat_values, expected.flat_values
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6)


@only_keras_2
@pytest.mark.parametrize("from_logits", [True, False])
def test_ragged_tensors_are_keras_2s(from_logits: bool) -> None:
    predictions = LOGITS if from_logits else tf.sigmoid(LOGITS).numpy()
    # A row of elements for each sample, and several rows for each sample.
    vectors = [
        (tf.RaggedTensor.from_row_lengths(x[:, 0], [2, 1, 3])) for x in (LABELS, predictions)
    ]
    matrices = [rows(x) for x in (LABELS, predictions)]
    for reduction in ("sum", "sum_over_batch_size", "none"):
        arguments = {"from_logits": from_logits, "reduction": reduction, "label_smoothing": 0.1}
        ours = BinaryCrossentropy(**arguments)
        theirs = keras.losses.BinaryCrossentropy(**arguments)
        for inputs, all_weights in (
            (vectors, (None, SAMPLES[:3])),
            (matrices, (None, SAMPLES, rows(WEIGHTS))),
        ):
            for weights in all_weights:
                assert_same_rows(ours(*inputs, weights), theirs(*inputs, weights))


@pytest.mark.parametrize("reduction", list(Reduction))
def test_ragged_tensors_are_all_their_values(reduction: Reduction, eager_backend: str) -> None:
    loss = BinaryCrossentropy(True, reduction=reduction, label_smoothing=0.1)
    for weights, flat in (
        (None, None),
        (SAMPLES, np.repeat(SAMPLES, np.diff(SPLITS))),
        (rows(WEIGHTS), WEIGHTS),
    ):
        value = loss(rows(LABELS), rows(LOGITS), weights)
        expected = loss(LABELS, LOGITS, flat)
        assert_same_rows(value, rows(expected) if reduction is Reduction.NONE else expected)


@pytest.mark.parametrize("from_logits", [True, False])
def test_a_ragged_last_dimension_is_a_mean_of_each_row(
    from_logits: bool, eager_backend: str
) -> None:
    labels, predictions = LABELS[:, 0], tf.sigmoid(LOGITS[:, 0]).numpy()
    parts = [slice(0, 2), slice(2, 2), slice(2, 3), slice(3, 6)]
    each = BinaryCrossentropy(from_logits)
    losses = [float(each(labels[part], predictions[part])) for part in parts if part != parts[1]]
    losses.insert(1, 0.0)
    for reduction in Reduction:
        loss = BinaryCrossentropy(from_logits, reduction=reduction)
        expected = v1.compute_weighted_loss(losses, SAMPLES, reduction=V1_NAMES[reduction])
        value = loss(rows(labels), rows(predictions), SAMPLES)
        np.testing.assert_allclose(value, expected, rtol=1e-5)
    if eager_backend == "auto" and from_logits:
        compiled = tf.function(loss, jit_compile=True, autograph=False)
        value = compiled(rows(labels), rows(predictions), SAMPLES)
        np.testing.assert_allclose(value, expected, rtol=1e-5)


def test_the_means_of_ragged_rows_in_float64_have_all_their_digits() -> None:
    labels, logits = LABELS[:, 0].astype(np.float64), LOGITS[:, 0].astype(np.float64)
    loss = BinaryCrossentropy(True, dtype="float64", reduction="none")
    each = tf.nn.sigmoid_cross_entropy_with_logits(labels, logits).numpy()
    expected = [each[part].mean() for part in (slice(0, 2), slice(3, 6))]
    found = tf.gather(loss(rows(labels), rows(logits)), [0, 3])
    assert found.dtype == tf.float64
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_gradients_arrive_at_ragged_values() -> None:
    with tf.GradientTape() as tape:
        values = tf.constant(LOGITS[:, 0])
        tape.watch(values)
        value = BinaryCrossentropy(True)(rows(LABELS[:, 0]), rows(values), SAMPLES)
    share = np.repeat(SAMPLES / np.maximum(np.diff(SPLITS), 1), np.diff(SPLITS)) / 4
    expected = share * (tf.sigmoid(LOGITS[:, 0]) - LABELS[:, 0])
    np.testing.assert_allclose(tape.gradient(value, values), expected, rtol=1e-5)


def test_other_rows_raise_an_error() -> None:
    with pytest.raises(ValueError, match="y_true and y_pred must have the same row lengths"):
        BinaryCrossentropy(True)(rows(LABELS, [0, 1, 2, 3, 6]), rows(LOGITS))


@pytest.mark.parametrize("reduction", ["none", "sum_by_nonzero_weights"])
def test_a_mean_over_the_axis_whose_sum_is_beyond_float16(
    reduction: str, eager_backend: str
) -> None:
    logits = np.full((2, 2000), -60, np.float16)
    loss = BinaryCrossentropy(from_logits=True, reduction=reduction, dtype="float16")
    np.testing.assert_array_equal(np.float32(loss(np.ones_like(logits), logits)), 60)


def test_predictions_of_rank_0_have_no_axis() -> None:
    with pytest.raises(ValueError, match="y_pred is a scalar, expected rank 1 or more"):
        BinaryCrossentropy(from_logits=True)(1.0, 0.5)
