"""Masks that Keras's layers leave on predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras_xent import CategoricalCrossentropy
from keras_xent._keras import IS_KERAS_3

keras = tf.keras
v1 = tf.compat.v1.losses

RNG = np.random.default_rng(0)
TOKENS = np.array([[3, 1, 4, 0, 0], [2, 2, 0, 0, 0], [1, 5, 2, 3, 4], [5, 0, 0, 0, 0]])
MASK = TOKENS != 0
LABELS = np.eye(3, dtype=np.float32)[RNG.integers(0, 3, TOKENS.shape)]
LOGITS = RNG.normal(size=(*TOKENS.shape, 3)).astype(np.float32)
WEIGHTS = {
    "none": None,
    "scalar": 0.5,
    "column": np.float32([[1.0], [0.0], [2.0], [0.5]]),
    "each": np.where(RNG.uniform(size=TOKENS.shape) < 0.3, 0, 1.5).astype(np.float32),
    "each, one more dimension": RNG.uniform(0.1, 1, (*TOKENS.shape, 1)).astype(np.float32),
}
REDUCTIONS = ["sum", "sum_over_batch_size", "none"]


def masked(predictions: np.ndarray, mask: np.ndarray = MASK) -> tf.Tensor:
    tensor = tf.constant(predictions)
    tensor._keras_mask = tf.constant(mask)
    return tensor


def as_v1_weights(weights: Any | None) -> Any:
    """The mask as zero weights."""
    weights = np.float32(1.0 if weights is None else weights)
    return (weights[..., 0] if weights.ndim == 3 else weights) * MASK


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("from_logits", [True, False])
def test_keras_s_reductions(weights: str, reduction: str, from_logits: bool) -> None:
    predictions = masked(LOGITS if from_logits else np.exp(LOGITS))
    arguments = {"from_logits": from_logits, "reduction": reduction, "label_smoothing": 0.1}
    value = CategoricalCrossentropy(**arguments)(LABELS, predictions, WEIGHTS[weights])
    theirs = keras.losses.CategoricalCrossentropy(**arguments)
    expected = theirs(LABELS, predictions, WEIGHTS[weights])
    assert value.shape == expected.shape
    np.testing.assert_allclose(value, expected, rtol=1e-5)


@pytest.mark.skipif(not IS_KERAS_3, reason="Keras 2 has no such reduction")
@pytest.mark.parametrize("weights", ["none", "each", "each, one more dimension"])
def test_keras_s_weighted_mean(weights: str) -> None:
    arguments = {"from_logits": True, "reduction": "mean_with_sample_weight"}
    value = CategoricalCrossentropy(**arguments)(LABELS, masked(LOGITS), WEIGHTS[weights])
    theirs = keras.losses.CategoricalCrossentropy(**arguments)
    assert float(value) == pytest.approx(float(theirs(LABELS, masked(LOGITS), WEIGHTS[weights])))


@pytest.mark.parametrize(
    ("weights", "in_function"), [*((name, False) for name in WEIGHTS), ("each", True)]
)
def test_tf1s_reductions_see_a_masked_element_as_weight_zero(
    weights: str, in_function: bool
) -> None:
    for reduction, name in [
        ("sum_by_nonzero_weights", "weighted_sum_by_nonzero_weights"),
        ("mean_with_sample_weight", "weighted_mean"),
    ]:
        loss = CategoricalCrossentropy(from_logits=True, reduction=reduction)
        expected = v1.softmax_cross_entropy(
            LABELS, LOGITS, as_v1_weights(WEIGHTS[weights]), reduction=name
        )

        def run(loss: Any = loss) -> tf.Tensor:
            return loss(LABELS, masked(LOGITS), WEIGHTS[weights])

        value = tf.function(run)() if in_function else run()
        assert float(value) == pytest.approx(float(expected))


@pytest.mark.parametrize("reduction", [*REDUCTIONS, "sum_by_nonzero_weights"])
def test_masked_elements_get_no_gradient(reduction: str) -> None:
    logits = masked(LOGITS)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = CategoricalCrossentropy(from_logits=True, reduction=reduction)
        value = tf.reduce_sum(loss(LABELS, logits))
    gradient = tape.gradient(value, logits).numpy()
    assert not gradient[~MASK].any()
    assert gradient[MASK].all()


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_a_mask_of_samples(reduction: str) -> None:
    labels, logits = LABELS[:, 0], masked(LOGITS[:, 0], MASK[:, 1])
    arguments = {"from_logits": True, "reduction": reduction}
    for weights in (None, np.float32([1, 2, 0, 3]), np.float32([[1], [2], [0], [3]])):
        value = CategoricalCrossentropy(**arguments)(labels, logits, weights)
        expected = keras.losses.CategoricalCrossentropy(**arguments)(labels, logits, weights)
        assert value.shape == expected.shape
        np.testing.assert_allclose(value, expected, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_a_mask_beside_other_dtypes(dtype: str) -> None:
    logits = tf.cast(LOGITS, dtype)
    logits._keras_mask = tf.constant(MASK)
    arguments = {"dtype": dtype} if IS_KERAS_3 else {}
    value = CategoricalCrossentropy(from_logits=True, **arguments)(LABELS, logits)
    expected = tf.nn.softmax_cross_entropy_with_logits(LABELS, LOGITS).numpy()[MASK].mean()
    assert value.dtype == dtype
    assert float(tf.cast(value, tf.float64)) == pytest.approx(expected, rel=1e-2)


def sequence_model(loss: Any, run_eagerly: bool = False) -> keras.Model:
    keras.utils.set_random_seed(1)
    tokens = keras.Input((TOKENS.shape[1],), dtype="int32")
    hidden = keras.layers.Embedding(6, 4, mask_zero=True)(tokens)
    logits = keras.layers.Dense(3)(hidden)
    model = keras.Model(tokens, logits)
    optimizer = keras.optimizers.SGD(0.5)
    model.compile(optimizer, loss, run_eagerly=run_eagerly, jit_compile=False)
    return model


def test_fit_of_a_masked_sequence_model_equals_keras_s() -> None:
    def train(loss: Any, run_eagerly: bool) -> Any:
        model = sequence_model(loss, run_eagerly)
        history = model.fit(
            TOKENS, LABELS, 2, 2, sample_weight=WEIGHTS["each"], shuffle=False, verbose=0
        )
        return history.history["loss"], model.get_weights()

    losses, parameters = train(CategoricalCrossentropy(from_logits=True), False)
    theirs = keras.losses.CategoricalCrossentropy(from_logits=True)
    expected, expected_parameters = train(theirs, True)
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    for value, other in zip(parameters, expected_parameters):
        np.testing.assert_allclose(value, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("weights", ["none", "each"])
def test_evaluate_of_a_masked_sequence_model_equals_tf1s(weights: str) -> None:
    loss = CategoricalCrossentropy(from_logits=True, reduction="sum_by_nonzero_weights")
    model = sequence_model(loss)
    expected = v1.softmax_cross_entropy(
        LABELS, model(TOKENS), as_v1_weights(WEIGHTS[weights])
    )
    value = model.evaluate(TOKENS, LABELS, sample_weight=WEIGHTS[weights], batch_size=4, verbose=0)
    assert value == pytest.approx(float(expected), rel=1e-5)
