"""Every loss beside everybody who has it."""

from __future__ import annotations

import pytest

import keras_xent
from benchmarks import contenders
from benchmarks.benchmark import EMPTY, OURS, Options, Recorder
from benchmarks.suite import family
from benchmarks.suite.steps import part

EVERYBODY = {
    OURS,
    "keras_xent, portable",
    "keras_xent under XLA",
    "keras_xent.v1",
    "v1",
    "v1 under XLA",
    "Keras",
    EMPTY,
}


def run(kind: str) -> dict[str, set[str]]:
    """The contenders of each case."""
    recorder = Recorder(Options(rounds=1))
    part("family", "", family.steps((4, 3), kind, device="")).run(recorder)
    found: dict[str, set[str]] = {}
    for row in recorder.measurements:
        found.setdefault(row.key.case, set()).add(row.key.contender)
    return found


def test_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contenders, "is_installed", lambda name: False)
    found = run("training")
    # A future version of Keras has it.
    found["sparse with label smoothing, training"].discard("Keras")
    assert found == {
        "sparse, training": EVERYBODY | {"Neg"},
        "sigmoid, training": EVERYBODY | {"AddV2"},
        "softmax, training": {OURS, EMPTY, "AddV2"},
        "sparse with label smoothing, training": {OURS, "v1"},
        "sigmoid with label smoothing, training": {OURS, "v1", "Keras"},
        "softmax with label smoothing, training": {OURS},
    }
    assert keras_xent.backend().requested == "auto"


def test_evaluation() -> None:
    assert run("evaluation") == {
        "sparse, evaluation": EVERYBODY,
        "sigmoid, evaluation": EVERYBODY,
        "softmax, evaluation": {OURS, EMPTY},
    }
