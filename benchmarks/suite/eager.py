"""Eager calls on a small batch, where Python and the dispatch of ops are all the cost."""

from __future__ import annotations

import functools
from typing import List

from benchmarks import contenders, shapes
from benchmarks.benchmark import Benchmark, Options, Part, Recorder
from benchmarks.setups import Setup
from benchmarks.timing import timed

NAME = "eager"
CASES = {"with a tape": "training", "without a tape": "evaluation"}
SETUP = Setup(shapes.EAGER)
# One call is too short for the clock's and the processor's whims.
_CALLS = 20


def _parts(options: Options) -> List[Part]:
    return [Part(case, functools.partial(_run, case)) for case in CASES]


def _run(case: str, recorder: Recorder) -> None:
    turns = {}
    inputs = contenders.load("ours").inputs(SETUP)
    for module in ("ours", "v1", "keras"):
        contender = contenders.load(module)
        step = getattr(contender, CASES[case])(SETUP)
        turns[contender.name] = timed(step, *inputs, calls=_CALLS)
    recorder.compare(NAME, SETUP, turns, case)


BENCHMARK = Benchmark(
    NAME,
    "`loss(y_true, y_pred, sample_weight)` without a `tf.function`; with a tape: inside a "
    "`tf.GradientTape`, and then `tape.gradient`. A sample is the mean of 20 calls.",
    _parts,
)
