"""The choice of a backend: by the program, by the environment, and what backend() returns."""

from __future__ import annotations

import importlib
import sys
from typing import Iterator

import pytest
import tensorflow as tf

import keras_xent
from keras_xent.ops import library

# The name in the package is the function's.
importlib.import_module("keras_xent.ops.backends")
module = sys.modules["keras_xent.ops.backends"]

needs_native = pytest.mark.skipif(library.problem() is not None, reason=str(library.problem()))


@pytest.fixture
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new process: set_backend was never called."""
    monkeypatch.setattr(module, "_requested", None)
    monkeypatch.delenv("KERAS_XENT_BACKEND", raising=False)


@pytest.fixture
def no_library(monkeypatch: pytest.MonkeyPatch, tmp_path: library.Path) -> Iterator[None]:
    monkeypatch.setattr(library, "PATH", tmp_path / "libkeras_xent.so")
    library.problem.cache_clear()
    yield
    library.problem.cache_clear()


@needs_native
def test_auto_is_native_where_the_library_is(nothing_chosen: None) -> None:
    backend = keras_xent.backend()
    loaded = library.load()
    assert backend == keras_xent.Backend(
        name="native",
        requested="auto",
        reason=(
            "The native library is available. On GPUs and TPUs, and under XLA, the portable "
            "backend is used."
        ),
        instruction_set=loaded.instruction_set,
        threads=loaded.threads,
    )
    assert backend.instruction_set in loaded.usable_instruction_sets
    assert backend.threads >= 1
    assert module.use_native()


@needs_native
def test_native_can_be_asked_for() -> None:
    keras_xent.set_backend("native")
    backend = keras_xent.backend()
    assert (backend.name, backend.requested) == ("native", "native")
    assert "chosen" in backend.reason
    assert module.use_native()


def test_portable_can_be_asked_for() -> None:
    keras_xent.set_backend("portable")
    backend = keras_xent.backend()
    assert (backend.name, backend.requested) == ("portable", "portable")
    assert backend.instruction_set is None
    assert backend.threads is None
    assert not module.use_native()


@pytest.mark.parametrize("choice", ["auto", "portable", "native"])
def test_the_environment_chooses(
    nothing_chosen: None, monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    if choice == "native" and library.problem() is not None:
        pytest.skip(str(library.problem()))
    monkeypatch.setenv("KERAS_XENT_BACKEND", choice)
    assert module.requested() == choice
    assert keras_xent.backend().requested == choice
    assert "KERAS_XENT_BACKEND" in keras_xent.backend().reason or choice == "auto"


def test_an_empty_environment_variable_is_none(
    nothing_chosen: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_XENT_BACKEND", "")
    assert module.requested() == "auto"


def test_the_program_overrides_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_XENT_BACKEND", "nonsense")
    keras_xent.set_backend("portable")
    assert keras_xent.backend().requested == "portable"


def test_an_unknown_choice_of_the_environment_raises_an_error_when_it_is_used(
    nothing_chosen: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_XENT_BACKEND", "gpu")
    for use in (keras_xent.backend, module.use_native, module.requested):
        with pytest.raises(ValueError, match="KERAS_XENT_BACKEND is 'gpu', expected one of"):
            use()


@pytest.mark.parametrize("wrong", ["gpu", "", "Native", None, 1])
def test_an_unknown_name_raises_an_error_and_changes_nothing(wrong: object) -> None:
    keras_xent.set_backend("portable")
    with pytest.raises(ValueError, match=r"name is .*, expected one of"):
        keras_xent.set_backend(wrong)  # type: ignore[arg-type]
    assert keras_xent.backend().requested == "portable"


def test_without_the_library_portable_serves_and_says_why(
    nothing_chosen: None, no_library: None
) -> None:
    backend = keras_xent.backend()
    assert (backend.name, backend.requested) == ("portable", "auto")
    assert "libkeras_xent.so is missing" in backend.reason
    assert "C++17 compiler" in backend.reason
    assert not module.use_native()


def test_without_the_library_native_raises_an_error(no_library: None) -> None:
    keras_xent.set_backend("portable")
    with pytest.raises(ValueError, match=r"used: .* is missing, because keras_xent was inst"):
        keras_xent.set_backend("native")
    assert keras_xent.backend().requested == "portable"


def test_without_the_library_native_by_the_environment_is_the_same_error_for_all(
    nothing_chosen: None, no_library: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_XENT_BACKEND", "native")
    loss = keras_xent.CategoricalCrossentropy(from_logits=True)
    uses = (
        keras_xent.backend,
        module.use_native,
        lambda: keras_xent.set_backend("native"),
        lambda: keras_xent.softmax_cross_entropy(labels=[[0, 1]], logits=[[2.0, 1.0]]),
        lambda: loss([[0.0, 1.0]], [[2.0, 1.0]]),
        tf.function(lambda: loss([[0.0, 1.0]], [[2.0, 1.0]])),
    )
    for use in uses:
        with pytest.raises(ValueError, match=r"chosen, but .* is missing, because .*\"portable\""):
            use()


def test_without_the_library_portable_can_be_chosen(
    nothing_chosen: None, no_library: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_XENT_BACKEND", "portable")
    backend = keras_xent.backend()
    assert (backend.name, backend.requested) == ("portable", "portable")
    assert backend.reason.startswith("The portable backend was chosen")


def test_a_backend_can_not_be_changed() -> None:
    with pytest.raises(AttributeError):
        keras_xent.backend().name = "native"  # type: ignore[misc]


def test_whether_there_are_only_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu, gpu = (tf.config.PhysicalDevice(f"/physical_device:{x}:0", x) for x in ("CPU", "GPU"))
    for devices, only in (([cpu], True), ([cpu, cpu], True), ([cpu, gpu], False)):
        monkeypatch.setattr(tf.config, "list_physical_devices", lambda devices=devices: devices)
        assert module.only_cpus() == only
