"""Every target is measured by its benchmark, and under the names that the target knows."""

from __future__ import annotations

import math
from typing import Any, Callable, Dict, List, Mapping

import pytest

from benchmarks import contenders
from benchmarks.benchmark import Options, Recorder
from benchmarks.checks import judge
from benchmarks.suite import SUITE, fit, idle, linear, memory, threads

NAMES = {module: contenders.load(module).name for module in contenders.TENSORFLOW}


class FakeContender:
    """Has a name and nothing to compute with."""

    def __init__(self, module: str) -> None:
        self.name = NAMES[module]

    def inputs(self, setup: Any) -> List[Any]:
        return []

    def training(self, setup: Any) -> Callable[..., Any]:
        return lambda *inputs: None

    evaluation = training

    def traced(self, step: Callable[..., Any]) -> Callable[..., Any]:
        return step


class FakeRecorder(Recorder):
    def rounds(self, turns: Mapping[Any, Any]) -> Dict[Any, List[float]]:
        return {name: [1.0] for name in turns}


class FakeLibrary:
    threads = 2

    def set_threads(self, count: int) -> None:
        pass


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """What all benchmarks add when nothing is computed."""
    from keras_xent.ops import library

    monkeypatch.setattr(contenders, "load", FakeContender)
    monkeypatch.setattr(contenders, "is_installed", lambda module: False)
    monkeypatch.setattr(library, "load", FakeLibrary)
    monkeypatch.setattr(linear, "available_memory", lambda: math.inf)
    monkeypatch.setattr(memory, "in_fresh_process", lambda *arguments: 1.0)
    monkeypatch.setattr(fit, "_epoch", lambda *arguments: lambda: 1.0)
    monkeypatch.setattr(idle, "_processor_share_after", lambda step: 0.0)
    monkeypatch.setattr(threads, "_run_roofline", lambda recorder: None)
    found = FakeRecorder()
    for benchmark in SUITE.benchmarks:
        for part in benchmark.parts(Options()):
            part.run(found)
    return found


def test_a_run_measures_every_target(recorder: Recorder) -> None:
    verdicts = judge(SUITE.targets, recorder.measurements)
    assert len(verdicts) > 60
    assert [verdict.target for verdict in verdicts if verdict.value is None] == []


def test_who_is_not_installed_is_named(recorder: Recorder) -> None:
    assert recorder.notes == [
        "torch is not installed here, and was not measured.",
        "optax is not installed here, and was not measured.",
    ]


def test_nothing_is_measured_twice(recorder: Recorder) -> None:
    keys = [measurement.key for measurement in recorder.measurements]
    assert len(keys) == len(set(keys))


def test_names_are_words_and_differ() -> None:
    names = [benchmark.name for benchmark in SUITE.benchmarks]
    assert len(names) == len(set(names))
    assert all(name.isidentifier() for name in names)


def test_a_quick_run_measures_less_of_each() -> None:
    for benchmark in SUITE.benchmarks:
        quick, whole = benchmark.parts(Options(quick=True)), benchmark.parts(Options())
        assert 0 < len(quick) <= len(whole)
