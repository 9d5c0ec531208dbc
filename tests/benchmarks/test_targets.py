"""Every target is measured by its benchmark, and under the names that the target knows."""

from __future__ import annotations

import math
from typing import Any, Callable

import pytest

from benchmarks import contenders, devices, memory_use
from benchmarks.benchmark import Options, Recorder
from benchmarks.checks import judge
from benchmarks.memory_use import MemoryUse
from benchmarks.setups import Setup
from benchmarks.suite import SUITE, fit, idle, memory, threads

LOAD = contenders.load


class FakeContender:
    """Has a name and nothing to compute with."""

    def __init__(self, module: str) -> None:
        self.name = LOAD(module).name

    def inputs(self, setup: Any) -> list[Any]:
        return []

    def training(self, setup: Any) -> Callable[..., Any]:
        return lambda *inputs: None

    evaluation = training

    def traced(self, step: Callable[..., Any]) -> Callable[..., Any]:
        return step


class FakeLibrary:
    threads = 2

    def set_threads(self, count: int) -> None:
        pass


@pytest.fixture
def recorder(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """For all benchmarks, which compute nothing."""
    from keras_xent.ops import library

    monkeypatch.setattr(contenders, "load", FakeContender)
    for name in contenders.PACKAGES:
        monkeypatch.setitem(contenders.PACKAGES, name, "no_such_package")
    monkeypatch.setattr(library, "load", FakeLibrary)
    monkeypatch.setattr(library, "problem", lambda: None)
    monkeypatch.setattr(memory_use, "available", lambda: math.inf)
    monkeypatch.setattr(memory, "in_fresh_process", lambda *arguments: MemoryUse(2.0, 1.0))
    monkeypatch.setattr(fit, "_epoch", lambda *arguments: lambda: 1.0)
    monkeypatch.setattr(idle, "_processor_share_after", lambda step: 0.0)
    monkeypatch.setattr(threads, "_run_roofline", lambda recorder: None)
    return recorder


def run(recorder: Recorder, device: str) -> Recorder:
    recorder.options = Options(device=device)
    for benchmark in SUITE.benchmarks:
        if devices.is_cpu(device) or not benchmark.cpu_only:
            for part in benchmark.parts(recorder.options):
                part.run(recorder)
    return recorder


def test_a_run_measures_every_target_and_nothing_twice(recorder: Recorder) -> None:
    measurements = run(recorder, devices.DEFAULT).measurements
    verdicts = judge(SUITE.targets, measurements)
    assert len(verdicts) > 150
    assert [verdict.target for verdict in verdicts if verdict.value is None] == []
    keys = [measurement.key for measurement in measurements]
    assert len(keys) == len(set(keys))


def test_a_run_on_a_gpu_measures_every_target_of_all_devices(recorder: Recorder) -> None:
    measurements = run(recorder, "/GPU:0").measurements
    targets = [target for target in SUITE.targets if target.any_device]
    verdicts = judge(targets, measurements)
    assert len(verdicts) > 50
    assert [verdict.target for verdict in verdicts if verdict.value is None] == []
    assert "keras_xent, native" not in {row.key.contender for row in measurements}


def test_every_number_of_a_run_on_a_device_is_of_that_device(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[str] = set()

    def on(device: str, function: Any) -> Any:
        seen.add(device)
        return function

    def add(self: Recorder, benchmark: str, setup: Setup, *rest: Any, **options: Any) -> None:
        seen.add(setup.device)

    monkeypatch.setattr(devices, "on", on)
    monkeypatch.setattr(Recorder, "add", add)
    run(recorder, "/GPU:0")
    assert seen == {"/GPU:0"}


def test_a_quick_run_measures_less_of_each() -> None:
    for benchmark in SUITE.benchmarks:
        quick, whole = benchmark.parts(Options(quick=True)), benchmark.parts(Options())
        assert 0 < len(quick) <= len(whole)
