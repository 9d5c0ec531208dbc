"""Every loss beside everybody who has it."""

from __future__ import annotations

import pytest

from benchmarks import contenders
from benchmarks.benchmark import EMPTY, OURS, Recorder
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


def run(kind: str, recorder: Recorder) -> dict[str, set[str]]:
    """The contenders of each case."""
    part("family", "", family.steps((4, 3), kind, device="")).run(recorder)
    found: dict[str, set[str]] = {}
    for row in recorder.measurements:
        found.setdefault(row.key.case, set()).add(row.key.contender)
    return found


def test_training(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in contenders.PACKAGES:
        monkeypatch.setitem(contenders.PACKAGES, name, "no_such_package")
    found = run("training", recorder)
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


def test_evaluation(recorder: Recorder) -> None:
    assert run("evaluation", recorder) == {
        "sparse, evaluation": EVERYBODY,
        "sigmoid, evaluation": EVERYBODY,
        "softmax, evaluation": {OURS, EMPTY},
    }
