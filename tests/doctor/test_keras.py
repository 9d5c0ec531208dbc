"""The doctor on Keras."""

from __future__ import annotations

import types

import pytest
import tensorflow as tf

from keras_xent_cli.doctor.finding import Status
from keras_xent_cli.doctor.keras import check_keras, keras_backend_finding


class BrokenKeras:
    """A tf.keras that cannot be imported; TensorFlow imports it on the first use."""

    def __getattr__(self, name: str) -> object:
        raise ImportError("Keras cannot be imported. Check that it is installed.")


def test_the_keras_that_is_installed() -> None:
    keras, backend = check_keras()
    package = tf.keras.Model.__module__.split(".")[0]
    assert keras.found.endswith(f"(package {package})")
    assert int(keras.found.split(".")[0]) >= 2
    assert backend.found == "tensorflow"
    assert {keras.status, backend.status} == {Status.OK}


@pytest.mark.parametrize("backend", ["jax", "torch", "numpy"])
def test_another_backend(backend: str) -> None:
    finding = keras_backend_finding(backend)
    assert finding.status is Status.PROBLEM
    assert backend in finding.found
    assert "KERAS_BACKEND=tensorflow" in finding.advice


def test_another_backend_that_is_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    config = types.SimpleNamespace(backend=lambda: "torch")
    keras = types.SimpleNamespace(Model=tf.keras.Model, config=config)
    monkeypatch.setattr(tf, "keras", keras)
    assert check_keras()[1] == keras_backend_finding("torch")


def test_another_backend_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tf, "keras", BrokenKeras())
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert check_keras() == [keras_backend_finding("jax")]


def test_keras_that_cannot_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tf, "keras", BrokenKeras())
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    (finding,) = check_keras()
    assert finding.status is Status.PROBLEM
    assert finding.found.startswith("ImportError: Keras cannot be imported")
    assert "pip install" in finding.advice
