"""Packages that take their turns elsewhere, and those that have no such loss."""

from __future__ import annotations

import contextlib

import pytest

from benchmarks import contenders
from benchmarks.benchmark import Recorder
from benchmarks.setups import SPARSE, Setup
from benchmarks.suite import packages


class FakeWorker:
    def __init__(self, module: str, setup: Setup) -> None:
        if module == "optax" and setup.loss == SPARSE:
            raise contenders.NoSuchLoss("optax has no such loss")
        self.name = module
        self.ended = False

    def turn(self) -> float:
        assert not self.ended
        return 1.0

    def __enter__(self) -> FakeWorker:
        return self

    def __exit__(self, *error: object) -> None:
        self.ended = True


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    monkeypatch.setattr(packages, "Worker", FakeWorker)
    monkeypatch.setattr(contenders, "is_installed", lambda module: True)
    return Recorder()


def test_all_take_turns_until_the_stack_is_closed(recorder: Recorder) -> None:
    with contextlib.ExitStack() as stack:
        turns = packages.training_turns(Setup((4, 3)), recorder, stack)
        assert [(name, turn()) for name, turn in turns.items()] == [("pytorch", 1), ("optax", 1)]
    with pytest.raises(AssertionError):
        turns["optax"]()
    assert recorder.notes == []


def test_a_loss_that_a_package_has_not_is_a_note(recorder: Recorder) -> None:
    with contextlib.ExitStack() as stack:
        turns = packages.training_turns(Setup((4, 3), loss=SPARSE), recorder, stack)
    assert list(turns) == ["pytorch"]
    assert recorder.notes == ["optax has no such loss, and was not measured."]
