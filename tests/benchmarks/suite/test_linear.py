"""Sizes that don't fit, and the spread of those that do."""

from __future__ import annotations

import pytest

from benchmarks import memory_use
from benchmarks.benchmark import OURS, Options, Recorder
from benchmarks.setups import Setup
from benchmarks.suite import linear


def test_the_factor_counts_both_ways() -> None:
    assert linear.largest_factor([1.0, 1.0, 3.0]) == 3.0
    assert linear.largest_factor([0.25, 1.0, 1.0]) == 4.0


def test_a_size_without_memory_is_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_use, "available", lambda: 1e9)
    recorder = Recorder()
    linear.BENCHMARK.parts(Options())[6].run(recorder)
    assert recorder.measurements == []
    assert recorder.notes == [
        "linear: 10^9 elements need 13.1 GB, but only 1.0 GB of memory are available."
    ]


def test_the_spread_is_that_of_the_large_sizes() -> None:
    recorder = Recorder()
    for exponent, cost in ((3, 100.0), (6, 1.0), (7, 2.0), (8, 3.0)):
        setup = Setup((10 ** (exponent - 3), 1000))
        recorder.add(linear.NAME, setup, OURS, [cost], unit=linear.UNIT)
    linear.BENCHMARK.parts(Options())[-1].run(recorder)
    spread = recorder.measurements[-1]
    assert spread.key.case == linear.SPREAD_CASE
    assert spread.summary.median == 2.0
