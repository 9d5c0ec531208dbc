"""The memory of a contender whose memory is known."""

from __future__ import annotations

import sys
from typing import Any, Callable

import pytest

from benchmarks.benchmark import Options, Recorder
from benchmarks.memory_use import MemoryUse
from benchmarks.setups import Setup
from benchmarks.suite import memory
from keras_xent.ops import library

ADDV2 = """
from benchmarks.setups import Setup
from benchmarks.suite import memory
print(memory.buffers("addv2", Setup((128, 32000)), "training", {mode!r}).peak)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it reads /proc")
@pytest.mark.parametrize("mode", [memory.EAGER, memory.DYNAMIC, memory.STATIC])
def test_addv2_takes_one_buffer(mode: str, run_python: Callable[[str], str]) -> None:
    # In a process that has run it before, TensorFlow may have kept the memory.
    peak = float(run_python(ADDV2.format(mode=mode)))
    assert peak == pytest.approx(1, abs=0.1)


CONSTANT = """
import tensorflow as tf
from benchmarks import contenders
from benchmarks.contenders.tensorflow_contender import TensorFlowContender
from benchmarks.setups import Setup
from benchmarks.suite import memory

def loss(logits, labels, weights):
    # TensorFlow folds this into a constant, and keeps it with the graph.
    return tf.gather(tf.ones(logits.shape), tf.cast(weights[0], tf.int32))

folding = TensorFlowContender("folding", lambda setup: loss)
contenders.load = lambda name: folding
use = memory.buffers("folding", Setup((128, 32000)), "evaluation", memory.STATIC)
print(use.peak, use.held)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it reads /proc")
def test_a_constant_that_a_graph_keeps_is_held(run_python: Callable[[str], str]) -> None:
    peak, held = map(float, run_python(CONSTANT).split())
    assert held == pytest.approx(1, abs=0.15)
    # While it is made there are more.
    assert peak > 0.9


def test_a_small_setup_has_few_examples() -> None:
    assert memory._small(Setup((512, 32000)), memory.STATIC) == (2, 32000)
    assert memory._small(Setup((8, 21, 128, 128), axis=1), memory.EAGER) == (2, 21, 2, 2)
    # A trace for any batch size has the other sizes in it.
    assert memory._small(Setup((8, 21, 128, 128), axis=1), memory.DYNAMIC) == (2, 21, 128, 128)


def test_native_ops_are_left_out_where_they_can_not_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(Options())
    monkeypatch.setattr(library, "problem", lambda: None)
    assert memory.can_serve("ours_native", "", recorder)
    assert memory.can_serve("ours_portable", "/GPU:0", recorder)
    assert recorder.notes == []
    assert not memory.can_serve("ours_native", "/GPU:0", recorder)
    monkeypatch.setattr(library, "problem", lambda: "there is no library")
    assert not memory.can_serve("ours_native", "", recorder)
    assert recorder.notes == [
        "Not measured: keras_xent, native runs only on CPUs.",
        "Not measured: keras_xent, native can't run here: there is no library.",
    ]


def test_every_kind_and_mode_of_a_loss_has_a_peak_and_what_is_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []

    def in_fresh_process(function: object, *arguments: object) -> MemoryUse:
        assert function is memory.buffers
        asked.append(arguments)
        return MemoryUse(2.0, 1.0)

    monkeypatch.setattr(memory, "in_fresh_process", in_fresh_process)
    recorder = Recorder()
    for part in memory.FAMILY.parts(Options(quick=True)):
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
