"""How exact the numbers are: `python -m benchmarks.accuracy`."""

from __future__ import annotations

from benchmarks.accuracy import bits, gradients, losses
from benchmarks.accuracy.targets import TARGETS
from benchmarks.benchmark import Suite

SUITE = Suite(
    command="benchmarks.accuracy",
    stem="accuracy",
    title="Accuracy",
    benchmarks=(losses.BENCHMARK, gradients.TAIL, gradients.DOMINANT, bits.BENCHMARK),
    targets=TARGETS,
)
