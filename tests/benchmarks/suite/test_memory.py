"""The memory of a contender whose memory is known."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.benchmark import Options, Recorder
from benchmarks.processes import in_fresh_process
from benchmarks.setups import Setup
from benchmarks.suite import memory
from keras_xent.ops import library

ROOT = Path(__file__).parents[3]
MODES = (memory.EAGER, memory.DYNAMIC, memory.STATIC)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it reads /proc")
@pytest.mark.parametrize("mode", MODES)
def test_addv2_takes_one_buffer(mode: str) -> None:
    # In a process that has run it before, TensorFlow may have kept the memory: with oneDNN it does.
    setup = Setup((256, 32000))
    peak = in_fresh_process(memory.buffers, "addv2", setup, "training", mode).peak
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
contenders.load = lambda module: folding
use = memory.buffers("folding", Setup((256, 32000)), "evaluation", memory.STATIC)
print(use.peak, use.held)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it reads /proc")
def test_a_constant_that_a_graph_keeps_is_held() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CONSTANT],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    peak, held = map(float, done.stdout.split())
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
        "keras_xent, native runs on CPUs only, and was not measured.",
        "keras_xent, native can't run here, and was not measured: there is no library.",
    ]
