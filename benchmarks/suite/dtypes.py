"""A training step in the other floating point dtypes."""

from __future__ import annotations

import functools
from typing import List

from benchmarks import contenders, shapes
from benchmarks.benchmark import Benchmark, Options, Part, Recorder
from benchmarks.setups import Setup
from benchmarks.targets import DTYPES

NAME = "dtypes"


def _parts(options: Options) -> List[Part]:
    return [
        Part(
            f"{dtype} {shape}",
            functools.partial(_run, Setup(shape, dtype, device=options.device)),
        )
        for dtype in DTYPES
        for shape in shapes.chosen(shapes.WITHOUT_LARGEST, options.quick)
    ]


def _run(setup: Setup, recorder: Recorder) -> None:
    turns = contenders.training_turns(("ours", "v1", "addv2", "empty"), setup)
    recorder.compare(NAME, setup, turns)


BENCHMARK = Benchmark(
    NAME,
    "A training step in a `tf.function`; labels have the logits' dtype, weights are float32.",
    _parts,
)
