"""Every metric is the loss of all batches, for TF1's reductions, and Keras's metric by default."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import keras_xent
from keras_xent._keras import IS_KERAS_3
from keras_xent.reduction import Reduction

keras = tf.keras
metrics = keras_xent.metrics
RNG = np.random.default_rng(0)
N = 12
X = RNG.normal(size=(N, 4)).astype(np.float32)
IDS = RNG.integers(0, 4, N)
Y = np.eye(4, dtype=np.float32)[IDS]
# Batches of 5, 5 and 2 with one, three and two weights that aren't zero.
W = np.float32([0, 0, 2, 0, 0, 1, 0.5, 0, 3, 0, 1, 1])
BATCHES = [slice(0, 5), slice(5, 10), slice(10, 12)]
REDUCTIONS = [each for each in Reduction if each is not Reduction.NONE]
EACH = {
    "CategoricalCrossentropy": Y,
    "SparseCategoricalCrossentropy": IDS,
    "BinaryCrossentropy": Y,
}
every_metric = pytest.mark.parametrize("name", list(EACH))


def updated(metric: Any, labels: Any, weights: Any = W, predictions: Any = X) -> Any:
    for part in BATCHES:
        metric.update_state(
            labels[part], predictions[part], None if weights is None else weights[part]
        )
    return metric


@every_metric
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_it_is_the_loss_of_all_batches_together(name: str, reduction: Reduction) -> None:
    arguments = {"from_logits": True, "label_smoothing": 0.1, "reduction": reduction}
    metric = getattr(metrics, name)(**arguments)
    loss = getattr(keras_xent, name)(**arguments)
    for weights in (W, None, np.zeros_like(W)):
        metric.reset_state()
        found = updated(metric, EACH[name], weights).result()
        np.testing.assert_allclose(found, loss(EACH[name], X, weights).numpy(), rtol=1e-6)


def test_the_default_of_tf1_over_an_epoch() -> None:
    metric = metrics.CategoricalCrossentropy(
        from_logits=True, reduction=Reduction.SUM_BY_NONZERO_WEIGHTS
    )
    loss = tf.compat.v1.losses.softmax_cross_entropy
    np.testing.assert_allclose(updated(metric, Y).result(), loss(Y, X, W), rtol=1e-6)
    mean_of_batches = np.mean([loss(Y[part], X[part], W[part]) for part in BATCHES])
    assert abs(mean_of_batches - metric.result()) > 0.05


@every_metric
@pytest.mark.parametrize("from_logits", [True, False])
def test_by_default_it_is_keras_s_metric(name: str, from_logits: bool) -> None:
    predictions = X if from_logits else tf.nn.softmax(X).numpy()
    for weights in (W, None):
        results = [
            updated(
                getattr(module, name)(from_logits=from_logits), EACH[name], weights, predictions
            ).result()
            for module in (metrics, keras.metrics)
        ]
        np.testing.assert_allclose(*results, rtol=2e-6)


@every_metric
def test_without_a_batch_it_is_0(name: str) -> None:
    metric = getattr(metrics, name)(from_logits=True)
    assert float(metric.result()) == 0
    updated(metric, EACH[name])
    metric.reset_state()
    assert float(metric.result()) == 0


@every_metric
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_the_states_of_parts_add_up_to_that_of_the_whole(name: str, reduction: Reduction) -> None:
    # On replicas: tests/losses/test_normalization.py.
    def metric_of(*parts: slice) -> Any:
        metric = getattr(metrics, name)(from_logits=True, reduction=reduction)
        for part in parts:
            metric.update_state(EACH[name][part], X[part], W[part])
        return metric

    whole = metric_of(*BATCHES)
    merged, *others = map(metric_of, BATCHES)
    if hasattr(merged, "merge_state"):
        merged.merge_state(others)
    else:
        # Keras 3 has no function for it.
        for own, *of_others in zip(*(each.variables for each in [merged, *others])):
            own.assign(tf.add_n([tf.convert_to_tensor(each) for each in [own, *of_others]]))
    np.testing.assert_allclose(merged.result(), whole.result(), rtol=1e-6)


@pytest.mark.skipif(IS_KERAS_3, reason="Keras 3's metrics can't be part of a checkpoint")
def test_a_checkpoint_restores_the_state(tmp_path: Any) -> None:
    saved, restored = (metrics.CategoricalCrossentropy(from_logits=True) for _ in range(2))
    path = tf.train.Checkpoint(metric=updated(saved, Y)).save(str(tmp_path / "metric"))
    tf.train.Checkpoint(metric=restored).restore(path).assert_consumed()
    assert float(restored.result()) == float(saved.result()) > 0


def test_masks_and_ragged_rows_are_not_counted() -> None:
    metric = metrics.CategoricalCrossentropy(from_logits=True, reduction="sum_over_batch_size")
    loss = keras_xent.CategoricalCrossentropy(from_logits=True)
    logits = tf.constant(X)
    logits._keras_mask = tf.constant(W > 0)
    metric.update_state(Y, logits)
    kept = W > 0
    np.testing.assert_allclose(metric.result(), loss(Y[kept], X[kept]), rtol=1e-6)
    metric.reset_state()
    rows = [3, 0, 9]
    metric.update_state(*[tf.RaggedTensor.from_row_lengths(each, rows) for each in (Y, X)])
    np.testing.assert_allclose(metric.result(), loss(Y, X), rtol=1e-6)
    metric.reset_state()
    labels, logits, mask = (tf.RaggedTensor.from_row_lengths(x, rows) for x in (Y, X, kept))
    logits._keras_mask = mask
    metric.update_state(labels, logits)
    np.testing.assert_allclose(metric.result(), loss(Y[kept], X[kept]), rtol=1e-6)


@pytest.mark.parametrize("jit", [False, True])
def test_in_a_function(jit: bool) -> None:
    metric = metrics.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    loss = keras_xent.SparseCategoricalCrossentropy(True, 0, Reduction.MEAN)

    def update(*batch: tf.Tensor) -> None:
        metric.update_state(*batch)

    update = tf.function(update, jit_compile=jit, autograph=False)
    for part in (slice(0, 6), slice(6, 12)):
        update(tf.constant(IDS[part]), tf.constant(X[part]), tf.constant(W[part]))
    np.testing.assert_allclose(metric.result(), loss(IDS, X, W), rtol=1e-6)


def compiled() -> Any:
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(4, use_bias=False)(inputs))
    model.compile(
        "sgd",
        keras_xent.CategoricalCrossentropy(True, reduction="sum_by_nonzero_weights"),
        weighted_metrics=[
            metrics.CategoricalCrossentropy("whole", None, True, reduction="sum_by_nonzero_weights")
        ],
        jit_compile=False,
    )
    return model


def test_in_compile_saved_and_loaded(tmp_path: Any) -> None:
    model = compiled()
    whole = tf.compat.v1.losses.softmax_cross_entropy(Y, model(X), W).numpy()
    found = model.evaluate(X, Y, sample_weight=W, batch_size=5, verbose=0)
    np.testing.assert_allclose(found[1], whole, rtol=1e-5)
    assert abs(found[0] - whole) > 1e-3
    for format in (".keras", ".h5") if IS_KERAS_3 else (".h5",):
        path = str(tmp_path / f"model{format}")
        model.save(path)
        model = keras.models.load_model(path)
        model.run_eagerly = True
        found = model.evaluate(X, Y, sample_weight=W, batch_size=5, verbose=0)
        np.testing.assert_allclose(found[1], whole, rtol=1e-5)


@every_metric
def test_config(name: str) -> None:
    metric = getattr(metrics, name)("mine", "float64", True, label_smoothing=0.25, reduction="sum")
    config = metric.get_config()
    assert config["name"] == "mine"
    assert config["reduction"] == "sum"
    again = keras.metrics.deserialize(keras.metrics.serialize(metric))
    assert type(again) is type(metric)
    assert again.get_config() == config
    results = [updated(each, EACH[name]).result() for each in (metric, again)]
    np.testing.assert_array_equal(*results)
    assert results[0].dtype == tf.float64


@every_metric
def test_none_is_no_reduction_of_a_metric(name: str) -> None:
    with pytest.raises(ValueError, match="reduction is NONE, but a metric is a single number"):
        getattr(metrics, name)(reduction="none")


def test_wrong_weights_are_an_error_and_change_nothing() -> None:
    metric = metrics.CategoricalCrossentropy(from_logits=True)
    with pytest.raises(ValueError, match="cannot be broadcast"):
        metric.update_state(Y, X, W[:5])
    assert float(metric.result()) == 0
