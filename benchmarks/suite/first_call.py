"""How long the first call of a `tf.function` takes: tracing, optimizing, compiling, running."""

from __future__ import annotations

import functools
import gc
from typing import Any

from benchmarks import contenders, devices, memory_use, shapes
from benchmarks.benchmark import Benchmark, Options, Part, Recorder
from benchmarks.setups import Setup
from benchmarks.suite import memory
from benchmarks.suite.steps import KINDS
from benchmarks.timing import Turn, timed

NAME = "first_call"
# A first call takes long for any shape.
_ROUNDS = 7


def _parts(options: Options) -> list[Part]:
    chosen = shapes.chosen([*shapes.PORTABLE, shapes.STATIC], options.quick)
    setups = [
        Setup(shape, axis=shapes.PORTABLE.get(shape, -1), device=options.device)
        for shape in chosen
    ]
    return [
        Part(f"{kind} {setup.shape}", functools.partial(_run, setup, kind))
        for setup in setups
        for kind in KINDS
    ]


def _run(setup: Setup, kind: str, recorder: Recorder) -> None:
    inputs = contenders.load("ours").inputs(setup)
    turns = {
        contenders.load(module).name: _turn(module, setup, kind, inputs)
        for module in contenders.available(memory.EVERY, recorder)
    }
    for name, samples in recorder.rounds(turns, _ROUNDS).items():
        recorder.add(NAME, setup, name, samples, kind)


def _turn(module: str, setup: Setup, kind: str, inputs: tuple[Any, ...]) -> Turn:
    contender = contenders.load(module)

    def turn() -> float:
        step = contender.traced(getattr(contender, kind)(setup))
        seconds = timed(devices.on(setup.device, step), *inputs)()
        # A trace has reference cycles, and may hold as much memory as the logits.
        del step
        gc.collect()
        memory_use.return_free_memory()
        return seconds

    return turn


BENCHMARK = Benchmark(
    NAME,
    "The first call of a new `tf.function` with static shapes: tracing, optimizing the graph, "
    "compiling it under XLA, and running it. The process has run such a function before, and "
    "returns free memory to the system before each call.",
    _parts,
)
