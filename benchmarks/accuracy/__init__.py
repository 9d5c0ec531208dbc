"""How accurate the results are: `python -m benchmarks.accuracy`."""

from __future__ import annotations

from benchmarks.accuracy import bits, gradients, losses, sigmoids
from benchmarks.accuracy.targets import TARGETS
from benchmarks.benchmark import Suite

SUITE = Suite(
    command="benchmarks.accuracy",
    stem="accuracy",
    title="Accuracy",
    benchmarks=(
        losses.BENCHMARK,
        sigmoids.LOSS_BENCHMARK,
        gradients.TAIL,
        gradients.DOMINANT,
        sigmoids.GRADIENT_BENCHMARK,
        bits.BENCHMARK,
    ),
    targets=TARGETS,
)
