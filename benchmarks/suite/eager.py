"""Eager calls on a small batch, where Python and the dispatch of ops are all the cost."""

from __future__ import annotations

import functools
from typing import List

from benchmarks import contenders, shapes
from benchmarks.benchmark import Benchmark, Options, Part, Recorder
from benchmarks.setups import Setup

NAME = "eager"
CASES = {"with a tape": "training", "without a tape": "evaluation"}
# One call is too short for the clock's and the processor's whims.
_CALLS = 20


def _parts(options: Options) -> List[Part]:
    setup = Setup(shapes.EAGER, device=options.device)
    return [Part(case, functools.partial(_run, setup, case)) for case in CASES]


def _run(setup: Setup, case: str, recorder: Recorder) -> None:
    inputs = contenders.load("ours").inputs(setup)
    turns = {
        contenders.load(module).name: contenders.turn(
            module, CASES[case], setup, inputs, traced=False, calls=_CALLS
        )
        for module in ("ours", "ours_portable", "v1", "keras")
    }
    recorder.compare(NAME, setup, turns, case)


BENCHMARK = Benchmark(
    NAME,
    "`loss(y_true, y_pred, sample_weight)` without a `tf.function`; with a tape: inside a "
    "`tf.GradientTape`, and then `tape.gradient`. A sample is the mean of 20 calls.",
    _parts,
)
