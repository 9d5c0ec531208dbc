"""Keras 2's loss base."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

import numpy as np
import pytest
import tensorflow as tf

from keras_xent import CategoricalCrossentropy, Reduction
from keras_xent._keras import IS_KERAS_3

keras = tf.keras
only_keras_2 = pytest.mark.skipif(IS_KERAS_3, reason="about Keras 2")


@only_keras_2
def test_private_names_of_keras_2() -> None:
    theirs = keras.losses.CategoricalCrossentropy(name="_mine")
    assert theirs._name_scope == "mine"
    assert theirs._allow_sum_over_batch_size is False


@only_keras_2
def test_without_a_dtype_it_is_the_predictions() -> None:
    loss = CategoricalCrossentropy(from_logits=True)
    assert loss.dtype is None
    for dtype in ("float16", "bfloat16", "float32", "float64"):
        labels, logits = loss.to_tensors(np.eye(2, dtype=np.int64), tf.cast(np.eye(2), dtype))
        assert labels.dtype == logits.dtype == dtype


@only_keras_2
def test_with_a_dtype_both_are_cast() -> None:
    loss = CategoricalCrossentropy(from_logits=True, dtype="float64")
    labels, logits = loss.to_tensors([[1, 0]], np.float32([[0.5, 1]]))
    assert labels.dtype == logits.dtype == tf.float64


@pytest.fixture()
def two_replicas(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    class Strategy:
        num_replicas_in_sync = 2

    monkeypatch.setattr(tf.distribute, "get_strategy", Strategy)
    monkeypatch.setattr(tf.distribute, "has_strategy", lambda: True)
    yield


MEANS = ["sum_over_batch_size", "mean_with_sample_weight", "sum_by_nonzero_weights"]


@only_keras_2
@pytest.mark.parametrize("reduction", list(Reduction))
def test_the_reduction_that_is_read_is_the_real_one_without_replicas(reduction: Reduction) -> None:
    assert CategoricalCrossentropy(reduction=reduction).reduction is reduction


@only_keras_2
def test_with_replicas_keras_2_reads_who_divides(two_replicas: None) -> None:
    for name in MEANS:
        assert CategoricalCrossentropy(reduction=name).reduction == "sum_over_batch_size"
    for name in ("sum", "none"):
        assert CategoricalCrossentropy(reduction=name).reduction == name


@only_keras_2
def test_the_config_has_the_real_reduction_with_replicas_too(two_replicas: None) -> None:
    for name in MEANS:
        assert CategoricalCrossentropy(reduction=name).get_config()["reduction"] == name


@only_keras_2
def test_means_outside_fit_raise_an_error_with_a_strategy(two_replicas: None) -> None:
    for name in MEANS:
        loss = CategoricalCrossentropy(from_logits=True, reduction=name)
        with pytest.raises(ValueError, match=rf"reduction is '{name}'.*Reduction.SUM"):
            loss([[0.0, 1.0]], [[1.0, 2.0]])
        loss._allow_sum_over_batch_size = True  # as `compile` sets it
        assert np.isfinite(float(loss([[0.0, 1.0]], [[1.0, 2.0]])))


@only_keras_2
@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_sums_outside_fit_raise_no_error(two_replicas: None, reduction: Any) -> None:
    loss = CategoricalCrossentropy(from_logits=True, reduction=reduction)
    assert np.isfinite(float(tf.reduce_sum(loss([[0.0, 1.0]], [[1.0, 2.0]]))))


@only_keras_2
def test_the_loss_is_never_scaled_for_replicas(two_replicas: None) -> None:
    loss = CategoricalCrossentropy(from_logits=True)
    assert float(loss.scale_for_distribution(tf.constant(3.0))) == 3


@only_keras_2
@pytest.mark.parametrize("suffix", [".keras", ".h5", ""])
def test_a_model_loads_with_its_loss(suffix: str, tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    loss = CategoricalCrossentropy(True, 0.1, reduction="sum_by_nonzero_weights", dtype="float64")
    model.compile("sgd", loss=loss)
    model.save(str(tmp_path / f"model{suffix}"))
    loaded = keras.models.load_model(str(tmp_path / f"model{suffix}"))
    assert loaded.loss.get_config() == loss.get_config()
