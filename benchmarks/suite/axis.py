"""A class axis that is not the last, as in segmentation with channels first."""

from __future__ import annotations

import functools
from typing import List

from benchmarks import contenders, shapes
from benchmarks.benchmark import Benchmark, Options, Part, Recorder
from benchmarks.setups import Setup

NAME = "axis"


def _parts(options: Options) -> List[Part]:
    setup = Setup(shapes.CLASS_AXIS_1, axis=1, device=options.device)
    return [Part(str(setup.shape), functools.partial(_run, setup))]


def _run(setup: Setup, recorder: Recorder) -> None:
    recorder.compare(NAME, setup, contenders.training_turns(contenders.TENSORFLOW, setup))


BENCHMARK = Benchmark(
    NAME,
    "A training step in a `tf.function` with class axis 1. TF1's loss knows no axis but the last: "
    "v1 smooths the labels itself, calls `softmax_cross_entropy_with_logits_v2(axis=1)`, and "
    "reduces by `compute_weighted_loss`.",
    _parts,
)
