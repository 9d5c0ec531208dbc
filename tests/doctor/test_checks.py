"""The doctor on versions, Keras and the backend."""

from __future__ import annotations

import platform
import sys
import types
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import keras_xent
from keras_xent.ops.backends import Backend
from keras_xent_cli.doctor.checks import (
    Finding,
    Status,
    check_backend,
    check_installation,
    check_keras,
    check_package,
    check_versions,
    describe,
)


class BrokenKeras:
    """A tf.keras that cannot be imported; TensorFlow imports it on the first use."""

    def __getattr__(self, name: str) -> object:
        raise ImportError("Keras cannot be imported. Check that it is installed.")


def on_tensorflow() -> Finding:
    return next(finding for finding in check_versions() if finding.subject == "TensorFlow")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("\nwrong\nbecause of this"), "ValueError: wrong"),
        (ValueError(), "ValueError"),
    ],
)
def test_an_exception_in_one_line(error: Exception, text: str) -> None:
    assert describe(error) == text


def test_the_versions_that_are_installed() -> None:
    findings = {each.subject: each for each in [*check_versions(), *check_package()]}
    assert findings["Python"].found.startswith(platform.python_version())
    assert findings["NumPy"].found == np.__version__
    assert findings["TensorFlow"].found == tf.__version__
    assert findings["keras_xent"].found == keras_xent.__version__
    assert {finding.status for finding in findings.values()} == {Status.OK}


@pytest.mark.parametrize("version", ["2.12.0", "2.21.0-rc1", "2.22.0-dev20260101", "3.0.0"])
def test_supported_tensorflow(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tf, "__version__", version)
    assert on_tensorflow() == Finding("TensorFlow", version)


@pytest.mark.parametrize("version", ["1.15.5", "2.9.3", "2.11.1"])
def test_too_old_tensorflow(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tf, "__version__", version)
    finding = on_tensorflow()
    assert finding.status is Status.PROBLEM
    assert finding.found == f"{version}, but keras_xent needs 2.12 or later"
    # Not pip's "tensorflow", which it would install over tensorflow-cpu.
    assert "pip install" not in finding.advice
    assert "tensorflow-cpu" in finding.advice


@pytest.mark.parametrize(
    ("module", "subject"),
    [("numpy", "NumPy"), ("tensorflow", "TensorFlow"), ("keras_xent", "keras_xent")],
)
def test_what_can_not_be_imported(
    module: str, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    (finding,) = [one for one in check_installation() if one.status is Status.PROBLEM]
    assert finding.subject == subject
    assert finding.found.startswith("ModuleNotFoundError")
    assert "pip install" in finding.advice


def test_the_keras_that_is_installed() -> None:
    keras, backend = check_keras()
    package = tf.keras.Model.__module__.split(".")[0]
    assert keras.found.endswith(f"(package {package})")
    assert int(keras.found.split(".")[0]) >= 2
    assert keras.status is Status.OK
    assert backend == Finding("Keras backend", "tensorflow")


def test_another_backend_of_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    config = types.SimpleNamespace(backend=lambda: "torch")
    keras = types.SimpleNamespace(Model=tf.keras.Model, config=config)
    monkeypatch.setattr(tf, "keras", keras)
    finding = check_keras()[1]
    assert finding.status is Status.PROBLEM
    assert "torch" in finding.found
    assert "KERAS_BACKEND=tensorflow" in finding.advice


@pytest.mark.parametrize(
    ("backend", "found", "advice"),
    [
        ("jax", "jax, but keras_xent computes with", "Set KERAS_BACKEND=tensorflow"),
        ("", "ImportError: Keras cannot be imported", "pip install"),
    ],
)
def test_keras_that_cannot_be_imported(
    backend: str, found: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tf, "keras", BrokenKeras())
    monkeypatch.setenv("KERAS_BACKEND", backend)
    (finding,) = check_keras()
    # Before keras_xent, which can't be imported without Keras: reinstalling it wouldn't help.
    monkeypatch.setitem(sys.modules, "keras_xent", None)
    assert check_installation()[-1] == finding
    assert finding.status is Status.PROBLEM
    assert finding.found.startswith(found)
    assert advice in finding.advice


def test_the_backend_that_serves() -> None:
    backend = keras_xent.backend()
    first = check_backend()[0]
    assert first.found == f"{backend.name} (requested: {backend.requested}). {backend.reason}"


@pytest.mark.parametrize(
    ("name", "requested", "status"),
    [
        ("native", "auto", Status.OK),
        ("native", "native", Status.OK),
        ("portable", "portable", Status.OK),
        ("portable", "auto", Status.NOTE),
        ("portable", "native", Status.PROBLEM),
    ],
)
def test_whether_the_backend_is_the_one_to_have(
    name: str, requested: str, status: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = Backend(name, requested, "The reason.", threads=4)
    monkeypatch.setattr(keras_xent, "backend", lambda: backend)
    finding, threads = check_backend()
    assert finding.status is status
    assert finding.found.startswith(name) and finding.found.endswith("The reason.")
    assert bool(finding.advice) == (status is not Status.OK)
    assert ("KERAS_XENT_BACKEND" in finding.advice) == (status is Status.PROBLEM)
    assert threads == Finding("threads", "4")


def test_a_backend_that_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Any:
        raise ValueError("KERAS_XENT_BACKEND is 'fast'.")

    monkeypatch.setattr(keras_xent, "backend", fail)
    (finding,) = check_backend()
    assert finding.status is Status.PROBLEM
    assert finding.found == "ValueError: KERAS_XENT_BACKEND is 'fast'."
    assert "auto, native or portable" in finding.advice
