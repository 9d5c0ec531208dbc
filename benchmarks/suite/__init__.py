"""Speed and memory: one benchmark a file."""

from __future__ import annotations

from benchmarks.benchmark import Suite
from benchmarks.suite import (
    axis,
    dtypes,
    eager,
    evaluation,
    family,
    family_memory,
    first_call,
    fit,
    idle,
    linear,
    memory,
    portable,
    threads,
    training,
)
from benchmarks.targets import targets

SUITE = Suite(
    command="benchmarks",
    stem="results",
    title="Speed and memory",
    benchmarks=(
        training.BENCHMARK,
        axis.BENCHMARK,
        dtypes.BENCHMARK,
        evaluation.BENCHMARK,
        eager.BENCHMARK,
        portable.BENCHMARK,
        memory.BENCHMARK,
        family.BENCHMARK,
        family_memory.BENCHMARK,
        first_call.BENCHMARK,
        fit.BENCHMARK,
        threads.BENCHMARK,
        linear.BENCHMARK,
        idle.BENCHMARK,
    ),
    targets=targets(),
    figure="speed",
    takes_device=True,
)
