"""Keras 3: its loss base, and what of Keras's own the class must keep in step with."""

from __future__ import annotations

from typing import Any, Iterator

import numpy as np
import pytest
import tensorflow as tf

from keras_xent import CategoricalCrossentropy
from keras_xent._keras import IS_KERAS_3

keras = tf.keras
pytestmark = pytest.mark.skipif(not IS_KERAS_3, reason="about Keras 3")


@pytest.mark.parametrize("dtype", [None, "float16", "bfloat16", "float64"])
def test_both_are_cast_to_the_loss_s_dtype(dtype: Any) -> None:
    loss = CategoricalCrossentropy(dtype=dtype)
    for value in (np.eye(2), tf.eye(2, dtype=tf.float64), tf.eye(2, dtype=tf.float16)):
        labels, logits = loss.to_tensors(np.eye(2, dtype=np.int64), value)
        assert labels.dtype == logits.dtype == loss.dtype == (dtype or "float32")


def test_tensors_of_the_dtype_keep_what_keras_left_on_them() -> None:
    loss = CategoricalCrossentropy()
    probabilities = keras.activations.softmax(tf.eye(2))
    assert hasattr(loss.to_tensors(np.eye(2), probabilities)[1], "_keras_logits")


def test_no_strategy_raises_an_error() -> None:
    CategoricalCrossentropy().check_strategy()


@pytest.fixture()
def two_replicas(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    class Strategy:
        num_replicas_in_sync = 2

    monkeypatch.setattr(tf.distribute, "get_strategy", Strategy)
    yield


@pytest.mark.parametrize(
    ("reduction", "divided"),
    [
        ("none", False),
        ("sum", False),
        ("sum_over_batch_size", True),
        ("mean_with_sample_weight", True),
        ("sum_by_nonzero_weights", True),
    ],
)
def test_means_are_divided_by_the_replicas(
    two_replicas: None, reduction: str, divided: bool
) -> None:
    loss = CategoricalCrossentropy(from_logits=True, reduction=reduction)
    value = tf.reduce_sum(loss(np.eye(2), np.zeros((2, 2))))
    whole = np.log(2) * (2 if reduction in ("none", "sum") else 1)
    assert float(value) == pytest.approx(whole / 2 if divided else whole)


def test_one_replica_leaves_the_value_alone() -> None:
    value = tf.constant(3.0)
    assert CategoricalCrossentropy().scale_for_distribution(value) is value


def test_a_policy_as_dtype() -> None:
    loss = CategoricalCrossentropy(dtype=keras.DTypePolicy("mixed_float16"))
    assert loss.dtype == "float16"


def test_names_are_made_as_keras_makes_them() -> None:
    assert CategoricalCrossentropy(name=None).name.startswith("categorical_crossentropy")
    assert CategoricalCrossentropy(name="mine").scope_name == "mine"


def test_another_backend_s_name_raises_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ValueError, match=r"'jax'.*KERAS_BACKEND=tensorflow"):
        CategoricalCrossentropy()
