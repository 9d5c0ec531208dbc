"""Steps in turn: everybody who can be measured is, by the backend that the report names."""

from __future__ import annotations

from typing import ClassVar

import pytest

import keras_xent
from benchmarks import contenders
from benchmarks.benchmark import EMPTY, PORTABLE, Options, Part, Recorder
from benchmarks.setups import SPARSE, Setup
from benchmarks.suite import steps

SETUP = Setup((4, 3))


class FakeWorker:
    """A package's process; a library that has no sparse loss."""

    running: ClassVar[list[str]] = []

    def __init__(self, name: str, setup: Setup) -> None:
        if setup.loss == SPARSE:
            raise contenders.NoSuchLoss(f"{name} has no such loss")
        self.name = name

    def turn(self) -> float:
        assert self.name in self.running
        return 1.0

    def __enter__(self) -> FakeWorker:
        self.running.append(self.name)
        return self

    def __exit__(self, *error: object) -> None:
        self.running.remove(self.name)


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "Worker", FakeWorker)
    monkeypatch.setattr(contenders, "is_installed", lambda name: name == "optax")


def run(part: Part) -> Recorder:
    recorder = Recorder(Options(rounds=1))
    part.run(recorder)
    return recorder


def found(recorder: Recorder) -> list[tuple[str, str]]:
    return [(row.key.case, row.key.contender) for row in recorder.measurements]


@pytest.mark.usefixtures("packages")
def test_packages_take_turns_until_the_end_where_they_are_installed() -> None:
    names = ("pytorch", "optax", "empty")
    recorder = run(steps.part("training", "", [steps.Step(name, SETUP) for name in names]))
    assert found(recorder) == [("", "optax"), ("", EMPTY)]
    assert FakeWorker.running == []
    assert recorder.notes == ["Not measured: torch is not installed."]


@pytest.mark.usefixtures("packages")
def test_a_loss_that_a_contender_has_not_is_a_note() -> None:
    setup = Setup((4, 3), loss=SPARSE)
    recorder = run(steps.part("x", "", [steps.Step(name, setup) for name in ("optax", "addv2")]))
    assert recorder.measurements == []
    assert recorder.notes == [
        "Not measured: optax has no such loss.",
        "Not measured: no sparse loss, only softmax, sigmoid.",
    ]


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
