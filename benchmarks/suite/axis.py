"""A class axis that is not the last, as in segmentation with channels first."""

from __future__ import annotations

from typing import List

from benchmarks import contenders, shapes
from benchmarks.benchmark import Benchmark, Options, Part, Recorder
from benchmarks.setups import Setup

NAME = "axis"
SETUP = Setup(shapes.CLASS_AXIS_1, axis=1)


def _parts(options: Options) -> List[Part]:
    return [Part(str(SETUP.shape), _run)]


def _run(recorder: Recorder) -> None:
    recorder.compare(NAME, SETUP, contenders.training_turns(("ours", "keras", "addv2"), SETUP))


BENCHMARK = Benchmark(
    NAME, "A training step in a `tf.function` with class axis 1, which TF1 does not know.", _parts
)
