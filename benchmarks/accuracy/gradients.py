"""The gradient if a class's probability is nearly 0, and if it is nearly 1."""

from __future__ import annotations

import functools
import math
from typing import Iterator

import numpy as np

from benchmarks import contenders
from benchmarks.accuracy import exact
from benchmarks.benchmark import Benchmark, Options, Part, Recorder
from benchmarks.setups import Setup

CLASS_COUNTS = (2, 1000, 32000)
TAIL_PROBABILITY = 5.6e-17
# How far the dominant logit is above the others: p rounds to 1 in either dtype.
_LEAD = {"float32": 25.0, "float64": 45.0}
_UNIT = "relative error"


def _tail_parts(options: Options) -> list[Part]:
    return [Part(f"{n} classes", functools.partial(_run_tail, n)) for n in CLASS_COUNTS]


def _dominant_parts(options: Options) -> list[Part]:
    return [
        Part(f"{dtype}, {n} classes", functools.partial(_run_dominant, dtype, n))
        for dtype in _LEAD
        for n in CLASS_COUNTS
    ]


def _run_tail(classes: int, recorder: Recorder) -> None:
    setup = Setup((1, classes), "float64", label_smoothing=0.0)
    logits = np.full(classes, math.log(TAIL_PROBABILITY))
    logits[0] = 0.0
    # Correct to an ulp of float64, like exp.
    small = math.exp(logits[1])
    probability = small / (1 + (classes - 1) * small)
    for name, row in _gradients(setup, logits):
        error = exact.relative(row[1], probability)
        recorder.add("tail", setup, name, [error], unit=_UNIT)


def _run_dominant(dtype: str, classes: int, recorder: Recorder) -> None:
    setup = Setup((1, classes), dtype, label_smoothing=0.0)
    logits = setup.logits()[0]
    logits[0] = logits.max() + _LEAD[dtype]
    for name, row in _gradients(setup, logits):
        error = exact.relative(row[0], -math.fsum(row[1:].tolist()))
        recorder.add("dominant", setup, name, [error], unit=_UNIT)


def _gradients(setup: Setup, logits: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Each contender's name, and its gradient of one example with label 0 and weight 1."""
    import tensorflow as tf

    labels = np.zeros_like(logits)
    labels[0] = 1
    inputs = [tf.constant(array[None]) for array in (logits, labels)]
    for module in ("ours", "v1"):
        contender = contenders.load(module)
        _, gradient = contender.training(setup)(*inputs, tf.ones([1]))
        yield contender.name, gradient.numpy()[0].astype(np.float64)


TAIL = Benchmark(
    "tail",
    f"The gradient of a class whose probability is {TAIL_PROBABILITY:g}, compared with that "
    "probability.",
    _tail_parts,
    statistic="maximum",
)
DOMINANT = Benchmark(
    "dominant",
    "The gradient of the true class if its probability rounds to 1, compared with minus the "
    "sum of the other classes' gradients, which it should equal.",
    _dominant_parts,
    statistic="maximum",
)
