"""The memory of a contender whose memory is known."""

from __future__ import annotations

import json
import sys
from typing import Any, Callable

import pytest

from benchmarks.benchmark import Options, Recorder
from benchmarks.memory_use import MemoryUse
from benchmarks.setups import SIGMOID, Setup
from benchmarks.suite import memory

# In a process that has run a contender before, TensorFlow may have kept the memory.
PROGRAM = """
import json
import os

import tensorflow as tf

from benchmarks import contenders
from benchmarks.contenders.tensorflow_contender import TensorFlowContender
from benchmarks.setups import Setup
from benchmarks.suite import memory

def loss(labels, logits, weights):
    # TensorFlow folds this into a constant, and keeps it with the graph.
    return tf.gather(tf.ones(logits.shape), tf.cast(weights[0], tf.int32))

addv2, folding = contenders.load("addv2"), TensorFlowContender("folding", lambda setup: loss)
contenders.load = {"addv2": addv2, "folding": folding}.get
for contender, kind, mode in [
    *[("addv2", "training", mode) for mode in (memory.EAGER, memory.DYNAMIC, memory.STATIC)],
    ("folding", "evaluation", memory.STATIC),
]:
    if os.fork() == 0:
        print(json.dumps(memory.buffers(contender, Setup((128, 32000)), kind, mode)), flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it reads /proc")
def test_a_gradient_takes_one_buffer_and_a_constant_of_a_graph_is_held(
    run_python: Callable[[str], str],
) -> None:
    *addv2, constant = map(json.loads, run_python(PROGRAM).splitlines())
    for peak, _ in addv2:
        assert peak == pytest.approx(1, abs=0.1)
    assert len(addv2) == 3
    peak, held = constant
    assert held == pytest.approx(1, abs=0.15)
    # While it is made there are more.
    assert peak > 0.9


def test_a_small_setup_has_few_examples() -> None:
    assert memory._small(Setup((512, 32000)), memory.STATIC) == (2, 32000)
    assert memory._small(Setup((8, 21, 128, 128), axis=1), memory.EAGER) == (2, 21, 2, 2)
    # A trace for any batch size has the other sizes in it.
    assert memory._small(Setup((8, 21, 128, 128), axis=1), memory.DYNAMIC) == (2, 21, 128, 128)


def test_each_contender_has_a_peak_and_what_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def in_fresh_process(*arguments: object) -> MemoryUse:
        asked.append(arguments)
        return MemoryUse(2.0, 1.0)

    monkeypatch.setattr(memory, "in_fresh_process", in_fresh_process)
    recorder = Recorder()
    memory.FAMILY.parts(Options(quick=True))[-1].run(recorder)
    # The process is told all of it.
    setup = Setup((4096, 1000), label_smoothing=0.0, loss=SIGMOID)
    told = (setup, "evaluation", memory.DYNAMIC)
    assert sorted(asked, key=str) == [(memory.buffers, name, *told) for name in ("ours", "v1")]
    assert [
        (row.key.contender, row.key.case, row.summary.median, row.unit)
        for row in recorder.measurements
    ] == [
        (name, f"sigmoid, evaluation, tf.function{after}", buffers, memory.UNIT)
        for name in ("keras_xent", "v1")
        for after, buffers in (("", 2.0), (", after it", 1.0))
    ]
