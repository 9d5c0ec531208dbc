"""Subclasses that override `call`: weights, masks and the reduction apply to what it returns."""

from __future__ import annotations

from typing import Any

import modes
import numpy as np
import pytest
import tensorflow as tf

from keras_xent import CategoricalCrossentropy
from keras_xent._keras import IS_KERAS_3

keras = tf.keras

LABELS = np.eye(3, dtype=np.float32)[[0, 2, 1, 2]]
LOGITS = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
WEIGHTS = np.float32([1, 0, 2, 0.5])


def with_call(call: Any) -> Any:
    """A subclass of our class, and one of Keras's, that override `call`."""
    ours = type("Ours", (CategoricalCrossentropy,), {"call": call})
    theirs = type("Theirs", (keras.losses.CategoricalCrossentropy,), {"call": call})
    return ours, theirs


def squared(self: Any, y_true: Any, y_pred: Any) -> tf.Tensor:
    return tf.nn.softmax_cross_entropy_with_logits(y_true, y_pred) ** 2


@pytest.mark.parametrize("mode", ["eager", "traced", "compiled"])
def test_keras_s_reductions(mode: str) -> None:
    reductions = ["sum", "sum_over_batch_size", "none"]

    def values(cls: Any, mode: str) -> Any:
        def run(*inputs: tf.Tensor) -> list[tf.Tensor]:
            return [cls(True, reduction=reduction)(*inputs) for reduction in reductions]

        return modes.MODES[mode](run, LABELS, LOGITS, WEIGHTS)

    ours, theirs = with_call(squared)
    found, expected = values(ours, mode), values(theirs, "eager")
    for reduction, one, other in zip(reductions, found, expected):
        np.testing.assert_allclose(one, other, rtol=1e-5, err_msg=reduction)


@pytest.mark.parametrize(
    ("reduction", "name"),
    [
        ("sum_by_nonzero_weights", "weighted_sum_by_nonzero_weights"),
        ("mean_with_sample_weight", "weighted_mean"),
    ],
)
def test_tf1s_reductions(reduction: str, name: str) -> None:
    ours, _ = with_call(squared)
    losses = tf.nn.softmax_cross_entropy_with_logits(LABELS, LOGITS) ** 2
    expected = tf.compat.v1.losses.compute_weighted_loss(losses, WEIGHTS, reduction=name)
    value = ours(True, reduction=reduction)(LABELS, LOGITS, WEIGHTS)
    assert float(value) == pytest.approx(float(expected))


def test_super_call_gives_the_losses() -> None:
    class Focal(CategoricalCrossentropy):
        def call(self, y_true: Any, y_pred: Any) -> tf.Tensor:
            losses = super().call(y_true, y_pred)
            return losses * (1 - tf.exp(-losses)) ** 2

    losses = tf.nn.softmax_cross_entropy_with_logits(LABELS, LOGITS).numpy()
    expected = (losses * (1 - np.exp(-losses)) ** 2 * WEIGHTS).sum() / 3
    loss = Focal(from_logits=True, reduction="sum_by_nonzero_weights")
    assert float(loss(LABELS, LOGITS, WEIGHTS)) == pytest.approx(expected)
    assert float(tf.function(loss)(LABELS, LOGITS, WEIGHTS)) == pytest.approx(expected)


def test_call_is_given_and_may_return_what_keras_s_is() -> None:
    seen = []

    def call(self: Any, y_true: Any, y_pred: Any) -> tf.Tensor:
        seen.append((y_true, y_pred))
        return tf.reduce_sum(tf.cast(y_true, tf.float64) * tf.cast(y_pred, tf.float64), -1)

    ours, theirs = with_call(call)
    values = [cls()(np.eye(3), np.eye(3) * 2) for cls in (ours, theirs)]
    assert values[0].dtype == values[1].dtype == (tf.float32 if IS_KERAS_3 else tf.float64)
    assert float(values[0]) == float(values[1])
    for y_true, y_pred in seen:
        if IS_KERAS_3:
            assert y_true.dtype == y_pred.dtype == tf.float32
        else:
            assert isinstance(y_true, np.ndarray)


@pytest.mark.parametrize("reduction", ["sum", "sum_over_batch_size", "none"])
def test_masks_on_predictions_and_on_losses_both_count(reduction: str) -> None:
    def call(self: Any, y_true: Any, y_pred: Any) -> tf.Tensor:
        losses = tf.nn.softmax_cross_entropy_with_logits(y_true, y_pred)
        losses._keras_mask = tf.constant([True, True, True, False])
        return losses

    ours, theirs = (cls(True, reduction=reduction) for cls in with_call(call))
    logits = tf.constant(LOGITS)
    np.testing.assert_allclose(ours(LABELS, logits), theirs(LABELS, logits), rtol=1e-5)
    logits._keras_mask = tf.constant([False, True, True, True])
    np.testing.assert_allclose(ours(LABELS, logits), theirs(LABELS, logits), rtol=1e-5)
    np.testing.assert_allclose(
        ours(LABELS, logits, WEIGHTS), theirs(LABELS, logits, WEIGHTS), rtol=1e-5
    )


def branching(self: Any, y_true: Any, y_pred: Any) -> tf.Tensor:
    losses = tf.nn.softmax_cross_entropy_with_logits(y_true, y_pred)
    if tf.reduce_max(losses) > 100:
        losses = losses * 0.0
    return losses


def test_call_is_converted_by_autograph_as_keras_s_own() -> None:
    ours, theirs = (cls(True) for cls in with_call(branching))
    for scale in (1.0, 1000.0):
        value = tf.function(ours)(LABELS, LOGITS * scale)
        assert float(value) == pytest.approx(float(tf.function(theirs)(LABELS, LOGITS * scale)))


@pytest.mark.skipif(IS_KERAS_3, reason="Keras 3 turns AutoGraph off in fit")
def test_call_is_converted_by_autograph_in_fit() -> None:
    ours, theirs = (cls(True) for cls in with_call(branching))

    def train(loss: Any) -> float:
        dense = keras.layers.Dense(3, kernel_initializer="identity")
        model = keras.Sequential([keras.Input((3,)), dense])
        model.compile("sgd", loss)
        return model.fit(LOGITS, LABELS, verbose=0).history["loss"][0]

    assert train(ours) == pytest.approx(train(theirs))


def test_a_subclass_that_leaves_call_alone_is_the_class() -> None:
    class Renamed(CategoricalCrossentropy):
        pass

    loss = Renamed(from_logits=True)
    expected = float(CategoricalCrossentropy(from_logits=True)(LABELS, LOGITS))
    assert float(loss(LABELS, LOGITS)) == expected
