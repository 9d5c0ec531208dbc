"""Every target is measured by its benchmark, and under the names that the target knows."""

from __future__ import annotations

import math
from typing import Any, Callable, Mapping

import pytest

from benchmarks import contenders, devices
from benchmarks.benchmark import Options, Recorder
from benchmarks.checks import judge
from benchmarks.memory_use import MemoryUse
from benchmarks.suite import SUITE, fit, idle, linear, memory, threads

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


class FakeRecorder(Recorder):
    def rounds(
        self, turns: Mapping[Any, Any], rounds: int | None = None
    ) -> dict[Any, list[float]]:
        return {name: [1.0] for name in turns}


class FakeLibrary:
    threads = 2

    def set_threads(self, count: int) -> None:
        pass


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """For all benchmarks, which compute nothing."""
    from keras_xent.ops import library

    monkeypatch.setattr(contenders, "load", FakeContender)
    monkeypatch.setattr(contenders, "is_installed", lambda module: False)
    monkeypatch.setattr(library, "load", FakeLibrary)
    monkeypatch.setattr(library, "problem", lambda: None)
    monkeypatch.setattr(linear, "available_memory", lambda: math.inf)
    monkeypatch.setattr(memory, "in_fresh_process", lambda *arguments: MemoryUse(2.0, 1.0))
    monkeypatch.setattr(fit, "_epoch", lambda *arguments: lambda: 1.0)
    monkeypatch.setattr(idle, "_processor_share_after", lambda step: 0.0)
    monkeypatch.setattr(threads, "_run_roofline", lambda recorder: None)
    return FakeRecorder()


def run(recorder: Recorder, device: str) -> Recorder:
    recorder.options = Options(device=device)
    for benchmark in SUITE.benchmarks:
        if devices.is_cpu(device) or not benchmark.cpu_only:
            for part in benchmark.parts(recorder.options):
                part.run(recorder)
    return recorder


def test_a_run_measures_every_target(recorder: Recorder) -> None:
    verdicts = judge(SUITE.targets, run(recorder, devices.DEFAULT).measurements)
    assert len(verdicts) > 150
    assert [verdict.target for verdict in verdicts if verdict.value is None] == []


def test_who_is_not_installed_is_named(recorder: Recorder) -> None:
    assert run(recorder, devices.DEFAULT).notes == [
        "Not measured: torch is not installed.",
        "Not measured: optax is not installed.",
    ]


def test_nothing_is_measured_twice(recorder: Recorder) -> None:
    keys = [measurement.key for measurement in run(recorder, devices.DEFAULT).measurements]
    assert len(keys) == len(set(keys))


def test_a_run_on_a_gpu_measures_every_target_of_all_devices(recorder: Recorder) -> None:
    measurements = run(recorder, "/GPU:0").measurements
    targets = [target for target in SUITE.targets if target.any_device]
    verdicts = judge(targets, measurements)
    assert len(verdicts) > 50
    assert [verdict.target for verdict in verdicts if verdict.value is None] == []
    assert "keras_xent, native" not in {row.key.contender for row in measurements}
    assert recorder.notes == [
        "Not measured: torch runs only without --device.",
        "Not measured: optax runs only without --device.",
        "Not measured: keras_xent, native runs only on CPUs.",
    ]


def test_every_number_of_a_run_on_a_device_is_of_that_device(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[str] = set()

    def on(device: str, function: Any) -> Any:
        seen.add(device)
        return function

    monkeypatch.setattr(devices, "on", on)
    for name in ("add", "compare"):
        plain = getattr(Recorder, name)

        def spy(self: Any, benchmark: str, setup: Any, *rest: Any, plain: Any = plain) -> None:
            seen.add(setup.device)
            plain(self, benchmark, setup, *rest)

        monkeypatch.setattr(Recorder, name, spy)
    run(recorder, "/GPU:0")
    assert seen == {"/GPU:0"}


def test_names_are_words_and_differ() -> None:
    names = [benchmark.name for benchmark in SUITE.benchmarks]
    assert len(names) == len(set(names))
    assert all(name.isidentifier() for name in names)


def test_a_quick_run_measures_less_of_each() -> None:
    for benchmark in SUITE.benchmarks:
        quick, whole = benchmark.parts(Options(quick=True)), benchmark.parts(Options())
        assert 0 < len(quick) <= len(whole)
