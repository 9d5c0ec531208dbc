"""The differences from Keras that the class documents: Keras's number, and ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras_xent import CategoricalCrossentropy
from keras_xent._keras import IS_KERAS_3

keras = tf.keras
only_keras_2 = pytest.mark.skipif(IS_KERAS_3, reason="Keras 3 differs here from Keras 2")
only_keras_3 = pytest.mark.skipif(not IS_KERAS_3, reason="Keras 2 differs here from Keras 3")

RNG = np.random.default_rng(0)
LABELS = np.eye(3, dtype=np.float32)[[0, 2, 1, 2]]
LOGITS = RNG.normal(size=(4, 3)).astype(np.float32)
SQUARE_LABELS = np.eye(3, dtype=np.float32)[RNG.integers(0, 3, (4, 4))]
SQUARE_LOGITS = RNG.normal(size=(4, 4, 3)).astype(np.float32)
WEIGHTS = np.float32([1.0, 0.0, 3.0, 0.5])


def both(**arguments: Any) -> Any:
    """Our loss and Keras's."""
    arguments = {"from_logits": True, **arguments}
    return CategoricalCrossentropy(**arguments), keras.losses.CategoricalCrossentropy(**arguments)


def losses(labels: Any, logits: Any) -> np.ndarray:
    return tf.nn.softmax_cross_entropy_with_logits(labels, logits).numpy()


@only_keras_3
def test_weighted_mean_with_a_scalar_weight_is_the_mean() -> None:
    ours, theirs = both(reduction="mean_with_sample_weight")
    mean = losses(LABELS, LOGITS).mean()
    v1 = tf.compat.v1.losses.softmax_cross_entropy(
        LABELS, LOGITS, 0.4, reduction=tf.compat.v1.losses.Reduction.MEAN
    )
    assert float(ours(LABELS, LOGITS, 0.4)) == pytest.approx(mean)
    assert float(v1) == pytest.approx(mean)
    # sum(0.4 * l) / 0.4, on a batch of 4.
    assert float(theirs(LABELS, LOGITS, 0.4)) == pytest.approx(4 * mean)


@only_keras_3
def test_weighted_mean_broadcasts_a_weight_a_sample_before_it_sums() -> None:
    ours, theirs = both(reduction="mean_with_sample_weight")
    column = WEIGHTS[:, None]
    weighted = (losses(SQUARE_LABELS, SQUARE_LOGITS) * column).sum()
    value = float(ours(SQUARE_LABELS, SQUARE_LOGITS, column))
    assert value == pytest.approx(weighted / (4 * column.sum()))
    keras_value = float(theirs(SQUARE_LABELS, SQUARE_LOGITS, column))
    assert keras_value == pytest.approx(weighted / column.sum())


def test_a_vector_of_weights_is_one_weight_a_sample_even_if_n_is_t() -> None:
    ours, theirs = both()
    each = losses(SQUARE_LABELS, SQUARE_LOGITS)
    keras_value = float(theirs(SQUARE_LABELS, SQUARE_LOGITS, WEIGHTS))
    value = float(ours(SQUARE_LABELS, SQUARE_LOGITS, WEIGHTS))
    assert value == pytest.approx((each * WEIGHTS[:, None]).mean())
    assert value == pytest.approx(float(theirs(SQUARE_LABELS, SQUARE_LOGITS, WEIGHTS[:, None])))
    if IS_KERAS_3:
        assert keras_value == pytest.approx((each * WEIGHTS).mean())
    else:
        assert keras_value == pytest.approx(value)


def test_a_vector_of_weights_is_one_weight_a_sample_if_n_is_not_t() -> None:
    ours, theirs = both()
    labels, logits = SQUARE_LABELS[:, :2], SQUARE_LOGITS[:, :2]
    expected = (losses(labels, logits) * WEIGHTS[:, None]).mean()
    assert float(ours(labels, logits, WEIGHTS)) == pytest.approx(expected)
    if IS_KERAS_3:
        with pytest.raises(tf.errors.InvalidArgumentError):
            theirs(labels, logits, WEIGHTS)
    else:
        assert float(theirs(labels, logits, WEIGHTS)) == pytest.approx(expected)


@pytest.mark.parametrize("from_logits", [True, False])
def test_smoothing_along_another_axis_divides_by_the_number_of_classes(from_logits: bool) -> None:
    labels = np.moveaxis(SQUARE_LABELS, -1, 1)
    predictions = tf.nn.softmax(np.moveaxis(SQUARE_LOGITS, -1, 1), axis=1).numpy()
    ours, theirs = both(from_logits=from_logits, axis=1, label_smoothing=0.3, reduction="none")
    log_probabilities = np.log(predictions)
    if from_logits:
        log_probabilities = tf.nn.log_softmax(predictions, axis=1).numpy()
    # Keras 2 got it right between 2.12 and 2.21.
    for loss, divisor in [(ours, 3), (theirs, 4)] if IS_KERAS_3 else [(ours, 3)]:
        smoothed = labels * 0.7 + 0.3 / divisor
        expected = -(smoothed * log_probabilities).sum(axis=1)
        np.testing.assert_allclose(loss(labels, predictions), expected, rtol=1e-5)


def test_smoothing_outside_0_1_raises_an_error() -> None:
    assert np.isfinite(
        float(keras.losses.CategoricalCrossentropy(True, label_smoothing=2.0)(LABELS, LOGITS))
    )
    with pytest.raises(ValueError, match=r"label_smoothing is 2\.0, expected a number in \[0, 1\]"):
        CategoricalCrossentropy(True, label_smoothing=2.0)


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("reduction", ["sum", "sum_over_batch_size"])
def test_an_empty_batch_gives_zero(from_logits: bool, reduction: str) -> None:
    ours, theirs = both(from_logits=from_logits, reduction=reduction)
    value = ours(LABELS[:0], LOGITS[:0])
    assert value.shape == []
    assert float(value) == 0
    assert theirs(LABELS[:0], LOGITS[:0]).shape == ([0] if IS_KERAS_3 else [])


@pytest.mark.parametrize("reduction", ["mean_with_sample_weight", "sum_by_nonzero_weights"])
def test_an_empty_batch_gives_zero_with_tf1s_means(reduction: str) -> None:
    loss = CategoricalCrossentropy(from_logits=True, reduction=reduction)
    assert float(loss(LABELS[:0], LOGITS[:0], WEIGHTS[:0])) == 0


def test_an_empty_batch_unreduced_is_empty() -> None:
    ours, theirs = both(reduction="none")
    assert ours(LABELS[:0], LOGITS[:0]).shape == theirs(LABELS[:0], LOGITS[:0]).shape == [0]


@only_keras_3
def test_one_loss_keeps_its_dimension_beside_a_scalar_weight() -> None:
    ours, theirs = both(reduction="none")
    assert ours(LABELS[:1], LOGITS[:1], 0.4).shape == [1]
    assert theirs(LABELS[:1], LOGITS[:1], 0.4).shape == []


def test_a_mask_that_keeps_nothing_gives_zero() -> None:
    ours, theirs = both()
    logits = tf.constant(LOGITS)
    logits._keras_mask = tf.constant([False] * 4)
    assert float(ours(LABELS, logits)) == 0
    keras_value = float(theirs(LABELS, logits))
    assert keras_value == 0 if IS_KERAS_3 else np.isnan(keras_value)


def test_a_masked_element_counts_as_weight_zero() -> None:
    loss = CategoricalCrossentropy(from_logits=True, reduction="sum_by_nonzero_weights")
    logits = tf.constant(LOGITS)
    logits._keras_mask = tf.constant([True, True, False, True])
    each = losses(LABELS, LOGITS)
    # Weights [1, 0, 3, 0.5] and mask [1, 1, 0, 1]: two elements count.
    expected = (each[0] + 0.5 * each[3]) / 2
    assert float(loss(LABELS, logits, WEIGHTS)) == pytest.approx(expected)


def test_the_config_keeps_the_dtype() -> None:
    config = CategoricalCrossentropy(from_logits=True, dtype="float64").get_config()
    assert config["dtype"] == "float64"
    again = CategoricalCrossentropy.from_config(config)
    assert again(LABELS, LOGITS).dtype == tf.float64
    if IS_KERAS_3:
        theirs = keras.losses.CategoricalCrossentropy(from_logits=True, dtype="float64")
        reloaded = type(theirs).from_config(theirs.get_config())
        assert reloaded(LABELS, LOGITS).dtype == tf.float32


RAGGED_LABELS, RAGGED_LOGITS = (
    tf.RaggedTensor.from_row_splits(values, [0, 1, 4]) for values in (LABELS, LOGITS)
)


@only_keras_3
def test_ragged_tensors_are_one_loss_for_every_value() -> None:
    ours, theirs = both()
    with pytest.raises((TypeError, ValueError)):
        theirs(RAGGED_LABELS, RAGGED_LOGITS)
    value = float(ours(RAGGED_LABELS, RAGGED_LOGITS))
    assert value == pytest.approx(losses(LABELS, LOGITS).mean())


@only_keras_2
def test_keras_2_counts_an_axis_of_ragged_tensors_within_a_sample() -> None:
    mean = losses(LABELS, LOGITS).mean()
    ours, theirs = both(axis=2)
    assert float(ours(RAGGED_LABELS, RAGGED_LOGITS)) == pytest.approx(mean)
    with pytest.raises(tf.errors.InvalidArgumentError):
        theirs(RAGGED_LABELS, RAGGED_LOGITS)
    ours, theirs = both(axis=1)
    assert float(theirs(RAGGED_LABELS, RAGGED_LOGITS)) == pytest.approx(mean)
    with pytest.raises(ValueError, match="axis is 1, expected -1 or a dimension"):
        ours(RAGGED_LABELS, RAGGED_LOGITS)


@only_keras_2
def test_keras_2_takes_ragged_weights_beside_dense_losses_if_the_rows_are_full() -> None:
    weights = tf.RaggedTensor.from_tensor(np.ones((4, 4), np.float32))
    ours, theirs = both()
    expected = losses(SQUARE_LABELS, SQUARE_LOGITS).mean()
    assert float(theirs(SQUARE_LABELS, SQUARE_LOGITS, weights)) == pytest.approx(expected)
    with pytest.raises(TypeError, match="sample_weight is a RaggedTensor, expected a dense"):
        ours(SQUARE_LABELS, SQUARE_LOGITS, weights)


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 1), (4, 1, 1)])
def test_weights_that_do_not_fit_are_value_errors(from_logits: bool, shape: Any) -> None:
    ours, _ = both(from_logits=from_logits)
    with pytest.raises(ValueError, match="weight"):
        ours(LABELS, LOGITS, np.ones(shape, np.float32))


@pytest.mark.parametrize("from_logits", [True, False])
def test_weights_that_turn_out_not_to_fit_fail_when_run(from_logits: bool) -> None:
    # Keras would repeat the one loss for every weight.
    ours, _ = both(from_logits=from_logits)
    signature = [tf.TensorSpec(shape, tf.float32) for shape in ([None, 3], [None, 3], [None])]
    function = tf.function(ours, input_signature=signature)
    assert np.isfinite(float(function(LABELS, np.abs(LOGITS), WEIGHTS)))
    with pytest.raises(tf.errors.InvalidArgumentError, match="weights cannot be broadcast"):
        function(LABELS[:1], np.abs(LOGITS[:1]), WEIGHTS)
