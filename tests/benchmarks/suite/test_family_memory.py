"""Which memory of the family is measured."""

from __future__ import annotations

from typing import Any, List

import pytest

from benchmarks.benchmark import Options, Recorder
from benchmarks.memory_use import MemoryUse
from benchmarks.suite import family_memory, memory


def test_every_kind_and_mode_of_a_loss_has_a_peak_and_what_is_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: List[Any] = []

    def in_fresh_process(function: object, *arguments: object) -> MemoryUse:
        assert function is memory.buffers
        asked.append(arguments)
        return MemoryUse(2.0, 1.0)

    monkeypatch.setattr(memory, "in_fresh_process", in_fresh_process)
    recorder = Recorder()
    for part in family_memory.BENCHMARK.parts(Options(quick=True)):
        part.run(recorder)
    cases = [
        (loss, kind, mode)
        for loss in ("sparse", "sigmoid")
        for kind in ("training", "evaluation")
        for mode in ("eager", "tf.function")
    ]
    # The process is told all of it.
    assert {(setup.loss, kind, mode) for _, setup, kind, mode in asked} == set(cases)
    values = {row.key.case: row.summary.median for row in recorder.measurements}
    assert values == {
        **{", ".join(case): 2.0 for case in cases},
        **{", ".join([*case, "after it"]): 1.0 for case in cases},
    }
    assert {row.unit for row in recorder.measurements} == {memory.UNIT}
