"""Every loss beside everybody who has it."""

from __future__ import annotations

from typing import Dict, List, Set

import pytest

import keras_xent
from benchmarks import contenders
from benchmarks.benchmark import EMPTY, OURS, Options, Recorder
from benchmarks.suite import family

SHAPE = (4, 3)
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


@pytest.fixture(autouse=True)
def without_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contenders, "is_installed", lambda module: False)


def run(kind: str) -> Recorder:
    recorder = Recorder(Options(rounds=1))
    family._run(SHAPE, kind, "", recorder)
    return recorder


def by_case(recorder: Recorder) -> Dict[str, Set[str]]:
    found: Dict[str, Set[str]] = {}
    for row in recorder.measurements:
        found.setdefault(row.key.case, set()).add(row.key.contender)
    return found


def test_training() -> None:
    recorder = run("training")
    found = by_case(recorder)
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
    assert recorder.notes[:2] == [
        "torch is not installed here, and was not measured.",
        "optax is not installed here, and was not measured.",
    ]
    assert keras_xent.backend().requested == "auto"


def test_evaluation() -> None:
    assert by_case(run("evaluation")) == {
        "sparse, evaluation": EVERYBODY,
        "sigmoid, evaluation": EVERYBODY,
        "softmax, evaluation": {OURS, EMPTY},
    }


def test_who_has_no_such_loss_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Named:
        def __init__(self, module: str) -> None:
            self.name = module

        def inputs(self, setup: object) -> List[object]:
            return []

    def turn(module: str, *arguments: object) -> object:
        if module == "keras":
            raise contenders.NoSuchLoss("It has no loss")
        return lambda: 1.0

    monkeypatch.setattr(contenders, "load", Named)
    monkeypatch.setattr(contenders, "turn", turn)
    recorder = run("evaluation")
    assert recorder.notes == ["It has no loss, and was not measured."]
    found = by_case(recorder)["sparse, evaluation"]
    assert "keras" not in found and "ours" in found
