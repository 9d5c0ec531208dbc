"""The loss alone, beside a training step."""

from __future__ import annotations

import functools
from typing import Dict, List, Tuple

from benchmarks import contenders, shapes
from benchmarks.benchmark import Benchmark, Options, Part, Recorder
from benchmarks.setups import Setup
from benchmarks.timing import Turn

NAME = "evaluation"


def _parts(options: Options) -> List[Part]:
    return [
        Part(str(shape), functools.partial(_run, Setup(shape, device=options.device)))
        for shape in shapes.chosen(shapes.ALL, options.quick)
    ]


def _run(setup: Setup, recorder: Recorder) -> None:
    inputs = contenders.load("ours").inputs(setup)
    turns: Dict[Tuple[str, str], Turn] = {}
    for module in ("ours", "v1", "keras", "empty"):
        for case in ("training", "evaluation"):
            turn = contenders.turn(module, case, setup, inputs)
            turns[case, contenders.load(module).name] = turn
    for (case, name), samples in recorder.rounds(turns).items():
        recorder.add(NAME, setup, name, samples, case)


BENCHMARK = Benchmark(
    NAME, "A `tf.function` without a gradient, interleaved with training steps.", _parts
)
