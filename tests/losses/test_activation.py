"""Probabilities: softmax outputs whose logits are still there, and plain ones."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras_xent import CategoricalCrossentropy
from keras_xent._keras import IS_KERAS_3
from keras_xent.losses.activation import cached_logits

keras = tf.keras

LABELS = np.eye(3, dtype=np.float32)[[0, 2, 1, 2]]
# So far apart that the probabilities underflow: only logits give the exact loss.
LOGITS = np.float32([[200, 0, 0], [0.3, 1, -1], [0, -300, 10], [1, 2, 3]])
WEIGHTS = np.float32([1, 0.5, 2, 0])

SOFTMAX = ("Softmax", "CategoricalCrossentropy")


def both(**arguments: Any) -> list[Any]:
    return [
        CategoricalCrossentropy(**arguments),
        keras.losses.CategoricalCrossentropy(**arguments),
    ]


def exact() -> float:
    losses = tf.nn.softmax_cross_entropy_with_logits(LABELS, LOGITS)
    return float(tf.reduce_mean(losses * WEIGHTS))


def test_logits_cached_by_keras_s_softmax_are_used_silently() -> None:
    for loss in both():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            value = loss(LABELS, keras.activations.softmax(tf.constant(LOGITS)), WEIGHTS)
        assert float(value) == pytest.approx(exact())


def test_from_logits_on_a_softmax_output_uses_the_logits_and_warns_at_the_caller() -> None:
    ours, theirs = both(from_logits=True)
    probabilities = keras.activations.softmax(tf.constant(LOGITS))
    with pytest.warns(UserWarning, match="from_logits=True, but y_pred is the output of") as caught:
        value = ours(LABELS, probabilities, WEIGHTS)
    assert [warning.filename for warning in caught] == [__file__]
    with pytest.warns(UserWarning, match="from_logits=True"):
        expected = theirs(LABELS, probabilities, WEIGHTS)
    assert float(value) == pytest.approx(float(expected)) == pytest.approx(exact())


def test_from_logits_on_a_softmax_op_of_a_graph_warns_too() -> None:
    for loss in both(from_logits=True):

        def run(logits: tf.Tensor, loss: Any = loss) -> tf.Tensor:
            return loss(LABELS, tf.nn.softmax(logits), WEIGHTS)

        with pytest.warns(UserWarning, match="from_logits=True"):
            value = tf.function(run)(LOGITS)
        assert float(value) == pytest.approx(exact())


def test_a_softmax_op_of_a_graph_is_looked_through() -> None:
    for loss in both():

        def run(logits: tf.Tensor, loss: Any = loss) -> tf.Tensor:
            return loss(LABELS, tf.nn.softmax(logits), WEIGHTS)

        assert float(tf.function(run)(LOGITS)) == pytest.approx(exact())


def test_tf_s_own_softmax_run_eagerly_gives_plain_probabilities() -> None:
    ours, theirs = both()
    probabilities = tf.nn.softmax(LOGITS)
    value = float(ours(LABELS, probabilities, WEIGHTS))
    assert value == pytest.approx(float(theirs(LABELS, probabilities, WEIGHTS)))
    assert value != pytest.approx(exact())  # clipped


@pytest.mark.parametrize("reduction", ["sum", "sum_over_batch_size", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_plain_probabilities_are_renormalised_and_clipped_as_by_keras(
    reduction: str, smoothing: float
) -> None:
    probabilities = np.float32([[0, 0, 0.5], [3, 2, 1], [1, 0, 0], [0.2, 0.2, 0.2]])
    ours, theirs = both(reduction=reduction, label_smoothing=smoothing)
    np.testing.assert_allclose(
        ours(LABELS, probabilities, WEIGHTS), theirs(LABELS, probabilities, WEIGHTS), rtol=1e-6
    )


def test_plain_probabilities_with_tf1s_reduction() -> None:
    probabilities = tf.constant(np.exp(LOGITS[[1, 3]]))
    loss = CategoricalCrossentropy(reduction="sum_by_nonzero_weights")
    labels, weights = LABELS[[1, 3]], [2.0, 0.0]
    expected = tf.compat.v1.losses.softmax_cross_entropy(labels, LOGITS[[1, 3]], weights)
    assert float(loss(labels, probabilities, weights)) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize(
    ("how", "reduction"),
    [("graph", "sum_over_batch_size"), ("run_eagerly", "sum_by_nonzero_weights")],
)
def test_fit_of_a_model_that_ends_in_a_softmax_trains_on_its_logits(
    how: str, reduction: str
) -> None:
    def train(loss: Any, activation: Any, run_eagerly: bool = True) -> Any:
        dense = keras.layers.Dense(3, activation=activation, kernel_initializer="identity")
        model = keras.Sequential([keras.Input((3,)), dense])
        optimizer = keras.optimizers.SGD(0.1)
        model.compile(optimizer, loss, run_eagerly=run_eagerly, jit_compile=False)
        history = model.fit(LOGITS, LABELS, 2, 2, sample_weight=WEIGHTS, shuffle=False, verbose=0)
        return history.history["loss"], model.get_weights()[0]

    ours = CategoricalCrossentropy(reduction=reduction)
    losses, kernel = train(ours, "softmax", how == "run_eagerly")
    if reduction == "sum_over_batch_size":
        others = [(keras.losses.CategoricalCrossentropy(), "softmax")]
    else:
        others = []
    others.append((CategoricalCrossentropy(from_logits=True, reduction=reduction), None))
    for loss, activation in others:
        expected, expected_kernel = train(loss, activation)
        np.testing.assert_allclose(losses, expected, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(kernel, expected_kernel, rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(not IS_KERAS_3, reason="Keras 2 casts nothing")
def test_a_cast_hides_the_logits_as_in_keras() -> None:
    # Keras 3 casts predictions to the loss's dtype, and the cache stays behind.
    ours, theirs = both(dtype="float64")
    probabilities = keras.activations.softmax(tf.constant(LOGITS))
    value = float(ours(LABELS, probabilities, WEIGHTS))
    assert value == pytest.approx(float(theirs(LABELS, probabilities, WEIGHTS)))
    assert value != pytest.approx(exact())


def test_keras_s_softmax_caches_its_logits() -> None:
    logits = tf.constant([[1.0, 2.0]])
    probabilities = keras.activations.softmax(logits)
    found, is_logits = cached_logits(probabilities, False, *SOFTMAX)
    assert is_logits
    np.testing.assert_array_equal(found, logits)


@pytest.mark.parametrize("from_logits", [True, False])
def test_other_predictions_are_what_the_caller_says(from_logits: bool) -> None:
    for predictions in (tf.constant([[0.2, 0.8]]), tf.nn.softmax([[1.0, 2.0]])):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found, is_logits = cached_logits(predictions, from_logits, *SOFTMAX)
        assert found is predictions
        assert is_logits is from_logits


@pytest.mark.parametrize("from_logits", [True, False])
def test_a_graph_s_softmax_is_looked_through(from_logits: bool) -> None:
    def run(logits: tf.Tensor) -> tf.Tensor:
        found, is_logits = cached_logits(tf.nn.softmax(logits), from_logits, *SOFTMAX)
        assert is_logits
        assert found is logits
        return found

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        tf.function(run)(tf.constant([[1.0, 2.0]]))
    about_softmax = [each for each in caught if "output of a Softmax" in str(each.message)]
    assert len(about_softmax) == from_logits
    assert all(str(each.message).startswith("CategoricalCross") for each in about_softmax)


def test_only_a_softmax_op_is_looked_through() -> None:
    def run(logits: tf.Tensor) -> tf.Tensor:
        predictions = tf.nn.softmax(logits) * 1.0
        found, is_logits = cached_logits(predictions, False, *SOFTMAX)
        assert found is predictions
        assert not is_logits
        return found

    tf.function(run)(tf.constant([[1.0, 2.0]]))


def test_an_eager_tensor_in_a_graph_is_no_output_of_an_op() -> None:
    probabilities = tf.nn.softmax(tf.constant(LOGITS[1:]))
    with tf.Graph().as_default():
        assert cached_logits(probabilities, True, *SOFTMAX) == (probabilities, True)
