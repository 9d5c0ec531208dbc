"""The loss in configurations, files, pickles and copies."""

from __future__ import annotations

import copy
import json
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import processes
import pytest
import tensorflow as tf

from keras_xent import CategoricalCrossentropy, Reduction, v1
from keras_xent._keras import IS_KERAS_3

keras = tf.keras

CONFIG: dict[str, Any] = {
    "from_logits": True,
    "label_smoothing": 0.1,
    "axis": -1,
    "reduction": "sum_by_nonzero_weights",
    "name": "of_tf1",
    "dtype": "float32",
}
# The same as a config: without the prefix Keras 3 takes the name for that of a loss of its own.
WRITTEN = {**CONFIG, "name": "keras_xent>of_tf1"}
X = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
Y = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2]]
W = np.float32([1, 0, 2, 0, 0.5, 1])


def original() -> CategoricalCrossentropy:
    return CategoricalCrossentropy(**CONFIG)


def check_same(loss: Any) -> None:
    assert type(loss) is CategoricalCrossentropy
    assert loss.get_config() == WRITTEN
    assert loss.name == "of_tf1"
    assert loss.reduction is Reduction.SUM_BY_NONZERO_WEIGHTS
    logits = X[:, :3]
    assert float(loss(Y, logits, W)) == float(original()(Y, logits, W))


def test_config() -> None:
    assert original().get_config() == WRITTEN
    check_same(CategoricalCrossentropy.from_config(WRITTEN))
    check_same(CategoricalCrossentropy(**WRITTEN))
    check_same(CategoricalCrossentropy.from_config(CONFIG))  # of an earlier version


def test_a_config_of_no_name() -> None:
    loss = CategoricalCrossentropy(name=None)
    assert CategoricalCrossentropy.from_config(loss.get_config()).name == loss.name


def test_config_of_the_defaults() -> None:
    assert CategoricalCrossentropy().get_config() == {
        "from_logits": False,
        "label_smoothing": 0.0,
        "axis": -1,
        "reduction": "sum_over_batch_size",
        "name": "keras_xent>categorical_crossentropy",
        "dtype": None,
    }


@pytest.mark.parametrize("reduction", list(Reduction))
def test_a_config_has_a_plain_string_for_the_reduction(reduction: Reduction) -> None:
    config = CategoricalCrossentropy(reduction=reduction).get_config()
    assert type(config["reduction"]) is str
    assert CategoricalCrossentropy.from_config(config).reduction is reduction


@pytest.mark.parametrize("smoothing", [np.float32(0.5), 1])
@pytest.mark.parametrize("dtype", [None, tf.float64, np.dtype("float64")])
def test_a_config_survives_json(smoothing: Any, dtype: Any) -> None:
    loss = CategoricalCrossentropy(label_smoothing=smoothing, dtype=dtype)
    config = json.loads(json.dumps(loss.get_config()))
    assert config == loss.get_config()
    assert CategoricalCrossentropy.from_config(config).get_config() == config


def test_a_subclass_comes_back_from_its_config() -> None:
    class Mine(CategoricalCrossentropy):
        pass

    assert type(Mine.from_config(Mine().get_config())) is Mine


def test_keras_serializes_and_deserializes() -> None:
    description = keras.losses.serialize(original())
    assert json.loads(json.dumps(description)) == description
    check_same(keras.losses.deserialize(description))
    check_same(keras.losses.get(description))


def test_keras_s_object_serialization() -> None:
    utils = keras.utils if hasattr(keras.utils, "serialize_keras_object") else keras.saving
    check_same(utils.deserialize_keras_object(utils.serialize_keras_object(original())))


def test_keras_gets_it_from_a_name_and_a_config() -> None:
    description = {"class_name": "keras_xent>CategoricalCrossentropy", "config": CONFIG}
    check_same(keras.losses.get(description))


def test_its_registered_name() -> None:
    registered = keras.utils.get_registered_name(CategoricalCrossentropy)
    assert registered == "keras_xent>CategoricalCrossentropy"
    assert keras.utils.get_registered_object(registered) is CategoricalCrossentropy


def test_what_earlier_versions_wrote_is_read() -> None:
    """The class was in `keras_xent.losses` itself."""
    description = {
        "module": "keras_xent.losses",
        "class_name": "CategoricalCrossentropy",
        "config": WRITTEN,
        "registered_name": "keras_xent>CategoricalCrossentropy",
    }
    if IS_KERAS_3:  # Keras 2 wrote it in some versions only.
        check_same(keras.losses.deserialize(description))
    pickled = b"ckeras_xent.losses\nCategoricalCrossentropy\n."
    assert pickle.loads(pickled) is CategoricalCrossentropy


def test_it_pickles() -> None:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        check_same(pickle.loads(pickle.dumps(original(), protocol)))


def test_it_copies() -> None:
    check_same(copy.copy(original()))
    check_same(copy.deepcopy(original()))


def make_model(loss: Any) -> keras.Model:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    # Graphs would take longer than all else.
    model.compile(keras.optimizers.SGD(0.1), loss=loss, run_eagerly=True, jit_compile=False)
    return model


@pytest.mark.parametrize("suffix", [".keras", ".h5"] if IS_KERAS_3 else [".keras", ".h5", ""])
def test_a_saved_model_loads_with_its_loss_and_trains_on(suffix: str, tmp_path: Path) -> None:
    model = make_model(original())
    model.fit(X, Y, sample_weight=W, verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # HDF5 is legacy.
        model.save(str(tmp_path / f"model{suffix}"))
        loaded = keras.models.load_model(str(tmp_path / f"model{suffix}"))
    check_same(loaded.loss)
    value = loaded.evaluate(X, Y, sample_weight=W, verbose=0)
    assert value == pytest.approx(model.evaluate(X, Y, sample_weight=W, verbose=0))
    if IS_KERAS_3 and suffix == ".h5":
        return  # There Keras's optimizer doesn't know the variables again, whatever the loss.
    for each in (model, loaded):
        each.fit(X, Y, sample_weight=W, shuffle=False, verbose=0)
    for one, other in zip(loaded.get_weights(), model.get_weights()):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_a_model_with_several_losses_saves_and_loads(tmp_path: Path) -> None:
    inputs = keras.Input((4,))
    outputs = {name: keras.layers.Dense(3, name=name)(inputs) for name in ("one", "other")}
    model = keras.Model(inputs, outputs)
    model.compile("sgd", loss={"one": original(), "other": "mse"})
    path = str(tmp_path / "model.keras")
    model.save(path)
    check_same(keras.models.load_model(path).loss["one"])


def test_a_compiled_model_is_cloned_with_its_compile_config() -> None:
    model = make_model(original())
    clone = keras.models.clone_model(model)
    clone.compile_from_config(model.get_compile_config())
    check_same(clone.loss)


FORMATS = [".h5", ".keras"] if IS_KERAS_3 else [".h5", ""]

_LOAD = """
import sys
import tensorflow as tf
for path in sys.argv[1:]:
    try:
        print("loaded", tf.keras.models.load_model(path).loss)
    except (TypeError, ValueError) as error:
        print(type(error).__name__, str(error).replace(chr(10), " "))
"""


def test_no_format_gives_another_loss_where_keras_xent_is_not_imported(tmp_path: Path) -> None:
    losses = {
        "default": CategoricalCrossentropy(from_logits=True),
        "mse": CategoricalCrossentropy(from_logits=True, name="mean_squared_error"),
    }
    paths = []
    for name, loss in losses.items():
        for extension in FORMATS:
            paths.append(str(tmp_path / f"{name}{extension}"))
            make_model(loss).save(paths[-1])
    lines = processes.printed_by(["-c", _LOAD, *paths]).splitlines()
    assert len(lines) == len(paths)
    for line in lines:
        assert "Error" in line.split()[0], line
        # "keras_xent>..." or "keras_xent.losses"
        assert "keras_xent" in line, line


@pytest.mark.parametrize(
    ("function", "extension"),
    zip([v1.softmax_cross_entropy, v1.softmax_cross_entropy_with_logits_v2], FORMATS),
)
def test_a_model_that_was_compiled_with_a_function_loads(
    function: Any, extension: str, tmp_path: Path
) -> None:
    model = make_model(function)
    path = str(tmp_path / f"model{extension}")
    model.save(path)
    # In this format Keras 3 writes a function's name without the package that registered it.
    unregistered = IS_KERAS_3 and extension == ".h5"
    custom_objects = {function.__name__: function} if unregistered else None
    loaded = keras.models.load_model(path, custom_objects=custom_objects)
    assert loaded.loss is function
    np.testing.assert_allclose(
        loaded.evaluate(X, Y, verbose=0), model.evaluate(X, Y, verbose=0), rtol=1e-6
    )
