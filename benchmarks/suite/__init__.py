"""Speed and memory."""

from __future__ import annotations

from benchmarks.benchmark import Suite
from benchmarks.suite import family, first_call, fit, idle, linear, memory, steps, threads
from benchmarks.targets import targets

SUITE = Suite(
    command="benchmarks",
    stem="results",
    title="Speed and memory",
    benchmarks=(
        steps.TRAINING,
        steps.AXIS,
        steps.DTYPE,
        steps.EVALUATION,
        steps.EAGER,
        steps.PORTABLE_PATH,
        memory.BENCHMARK,
        family.BENCHMARK,
        memory.FAMILY,
        first_call.BENCHMARK,
        fit.BENCHMARK,
        threads.BENCHMARK,
        linear.BENCHMARK,
        idle.BENCHMARK,
    ),
    targets=targets(),
    takes_device=True,
)
