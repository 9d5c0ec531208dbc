"""Steps in turn: everybody who can be measured is, by the backend that the report names."""

from __future__ import annotations

import contextlib
from typing import Iterator

import pytest

import keras_xent
from benchmarks import contenders
from benchmarks.benchmark import EMPTY, PORTABLE, Options, Part, Recorder
from benchmarks.setups import SPARSE, Setup
from benchmarks.suite import steps
from benchmarks.timing import Turn

SETUP = Setup((4, 3))


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The packages' processes: one package isn't there, and one has no sparse loss."""
    running: list[str] = []

    @contextlib.contextmanager
    def worker(name: str, setup: Setup) -> Iterator[tuple[str, Turn]]:
        if setup.loss == SPARSE:
            raise contenders.NoSuchLoss(f"{name} has no such loss")
        running.append(name)
        yield name, lambda: float(running.count(name))
        running.remove(name)

    monkeypatch.setattr(steps, "worker", worker)
    monkeypatch.setitem(contenders.PACKAGES, "pytorch", "no_such_package")
    monkeypatch.setitem(contenders.PACKAGES, "optax", "json")
    return running


def run(part: Part) -> Recorder:
    recorder = Recorder(Options(rounds=1))
    part.run(recorder)
    return recorder


def found(recorder: Recorder) -> list[tuple[str, str]]:
    return [(row.key.case, row.key.contender) for row in recorder.measurements]


def test_packages_take_turns_until_the_end_where_they_are_installed(running: list[str]) -> None:
    names = ("pytorch", "optax", "empty")
    recorder = run(steps.part("training", "", [steps.Step(name, SETUP) for name in names]))
    assert found(recorder) == [("", "optax"), ("", EMPTY)]
    assert recorder.measurements[0].summary.median == 1
    assert running == []
    assert recorder.notes == ["Not measured: no_such_package is not installed."]


@pytest.mark.usefixtures("running")
def test_a_loss_that_a_contender_has_not_is_a_note() -> None:
    setup = Setup((4, 3), loss=SPARSE)
    recorder = run(steps.part("x", "", [steps.Step(name, setup) for name in ("optax", "neg")]))
    assert found(recorder) == [("", "Neg")]
    assert recorder.notes == ["Not measured: optax has no such loss."]


def test_every_mode_of_the_portable_path_has_v1_and_a_trace_has_an_empty_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(steps, "portable_setups", lambda options: [SETUP])
    recorder = run(steps.PORTABLE_PATH.parts(Options())[0])
    assert sorted(found(recorder)) == sorted(
        [
            ("training, tf.function", PORTABLE),
            ("training, tf.function", "v1"),
            ("training, tf.function", EMPTY),
            ("training, eager", PORTABLE),
            ("training, eager", "v1"),
            ("training, XLA", PORTABLE),
            ("training, XLA", "v1"),
            ("training, XLA", EMPTY),
        ]
    )
    assert keras_xent.backend().requested == "auto"


def test_the_class_axis_of_every_shape() -> None:
    setups = steps.portable_setups(Options())
    axes = {(setup.shape, setup.dtype): setup.axis for setup in setups}
    assert axes.pop(((8, 21, 128, 128), "float32")) == 1
    assert set(axes.values()) == {-1}
    assert len(axes) == 4 + 2 * 2
