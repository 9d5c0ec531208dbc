"""Peak memory beside the inputs."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, List

from benchmarks import contenders, shapes
from benchmarks.benchmark import Benchmark, Options, Part, Recorder
from benchmarks.peak_memory import peak_bytes
from benchmarks.processes import in_fresh_process
from benchmarks.setups import Setup

NAME = "memory"
KINDS = ("training", "evaluation")
MODES = ("eager", "tf.function")
UNIT = "buffers of the logits' size"
CONTENDERS = ("ours", "v1", "keras")


def _parts(options: Options) -> List[Part]:
    return [
        Part(f"{kind}, {mode} {shape}", functools.partial(_run, Setup(shape), kind, mode))
        for shape in shapes.chosen(shapes.TWO, options.quick)
        for kind in KINDS
        for mode in MODES
    ]


def _run(setup: Setup, kind: str, mode: str, recorder: Recorder) -> None:
    for number, module in enumerate(CONTENDERS):
        buffers = in_fresh_process(peak_buffers, module, setup, kind, mode)
        name = contenders.load(module).name
        recorder.add(NAME, setup, name, [buffers], f"{kind}, {mode}", UNIT)
        recorder.tick((number + 1) / len(CONTENDERS))


def peak_buffers(module: str, setup: Setup, kind: str, mode: str) -> float:
    """The peak during the first call of this size in this process.

    The first, as memory that a library keeps for the next call is memory that it takes. But
    not the very first: what a process sets up once belongs to no call, and two examples are
    enough for that, in a trace that serves every batch size.
    """
    contender = contenders.load(module)
    step = getattr(contender, kind)(setup)
    small = contender.inputs(dataclasses.replace(setup, shape=(2, *setup.shape[1:])))
    if mode == "tf.function":
        step = contender.traced(step, [_any_batch_size(tensor) for tensor in small])
    for _ in range(3):
        step(*small)
    inputs = contender.inputs(setup)
    return peak_bytes(lambda: step(*inputs)) / setup.num_bytes


def _any_batch_size(tensor: Any) -> Any:
    import tensorflow as tf

    return tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype)


BENCHMARK = Benchmark(
    NAME,
    "Peak resident memory during the first call of this size, less what was there before it, in "
    "units of one buffer of the logits' size and dtype; a process for each number. The gradient "
    "itself is 1.",
    _parts,
)
