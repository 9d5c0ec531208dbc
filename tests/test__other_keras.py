"""Models of the Keras package that tf.keras is not: an error names both, and the way out."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import numpy as np
import processes
import pytest
import tensorflow as tf

from keras_xent import CategoricalCrossentropy, _other_keras

needs_the_other = pytest.mark.skipif(
    importlib.util.find_spec(_other_keras.OTHER) is None,
    reason=f"{_other_keras.OTHER} is not installed",
)

X = np.random.default_rng(0).normal(size=(4, 3)).astype("f")
Y = np.eye(4, 3, dtype="f")


@pytest.fixture(scope="module")
def other() -> Any:
    return importlib.import_module(_other_keras.OTHER)


def model_of(keras: Any, **options: Any) -> Any:
    model = keras.Sequential([keras.layers.Dense(3)])
    model.compile("sgd", loss=CategoricalCrossentropy(from_logits=True), **options)
    return model


@needs_the_other
@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch"])
@pytest.mark.parametrize("run_eagerly", [False, True])
def test_its_models_can_not_use_the_loss(other: Any, method: str, run_eagerly: bool) -> None:
    model = model_of(other, run_eagerly=run_eagerly)
    with pytest.raises(TypeError, match="TF_USE_LEGACY_KERAS") as error:
        getattr(model, method)(X, Y)
    assert f"{_other_keras.OTHER} called a loss object" in str(error.value)
    assert f"a loss object that was made for {_other_keras.OWN}" in str(error.value)


@needs_the_other
def test_nor_with_a_subclass(other: Any) -> None:
    class Mine(CategoricalCrossentropy):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return super().call(y_true, y_pred)

    model = other.Sequential([other.layers.Dense(3)])
    model.compile("sgd", loss=Mine(from_logits=True))
    with pytest.raises(TypeError, match="TF_USE_LEGACY_KERAS"):
        model.fit(X, Y)


@needs_the_other
def test_a_custom_training_step_of_its_models_can(other: Any) -> None:
    # It hands on the weights itself.
    loss = CategoricalCrossentropy(from_logits=True)
    found = []

    class Mine(other.Model):  # type: ignore[name-defined,misc]
        def train_step(self, data: Any) -> Any:
            found.append(float(loss(data[1], data[0], sample_weight=data[2])))
            return {"loss": found[-1]}

    model = Mine()
    model.compile("sgd", run_eagerly=True)
    weights = np.float32([1, 0, 2, 1])
    model.fit(X, Y, sample_weight=weights, batch_size=4, shuffle=False, verbose=0)
    np.testing.assert_allclose(found[-1], float(loss(Y, X, weights)), rtol=1e-6)


@needs_the_other
def test_its_losses_of_each_element_are_a_function_that_its_models_can_use(other: Any) -> None:
    model = other.Sequential([other.layers.Dense(3)])
    model.compile("sgd", loss=CategoricalCrossentropy(from_logits=True).call)
    assert np.isfinite(model.evaluate(X, Y, verbose=0))


@needs_the_other
def test_its_own_keras_still_can(other: Any) -> None:
    assert np.isfinite(model_of(tf.keras).evaluate(X, Y, verbose=0))


_GRAPH_MODE = """
import numpy as np
import tensorflow as tf
import tf_keras
import keras_xent
tf.compat.v1.disable_eager_execution()
model = tf_keras.Sequential([tf_keras.layers.InputLayer([3]), tf_keras.layers.Dense(3)])
try:
    model.compile("sgd", loss=keras_xent.CategoricalCrossentropy(from_logits=True))
except TypeError as error:
    print(error)
"""


@needs_the_other
@pytest.mark.skipif(_other_keras.OTHER != "tf_keras", reason="Keras 3 has no mode without eager")
def test_nor_can_the_other_ones_trainer_for_graphs() -> None:
    printed = processes.printed_by(["-c", _GRAPH_MODE])
    assert "tf_keras called a loss object that was made for keras, the package" in printed
