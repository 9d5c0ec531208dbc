"""The portable path beside what TF1 runs in the same place."""

from __future__ import annotations

import functools
from typing import Dict, List, Tuple

from benchmarks import contenders, shapes
from benchmarks.benchmark import EMPTY, PORTABLE, Benchmark, Options, Part, Recorder
from benchmarks.setups import Setup
from benchmarks.targets import HALF_DTYPES
from benchmarks.timing import Turn

NAME = "portable"
V1 = "v1"
# What the report calls each, and the module: under XLA the portable path serves without being
# asked for.
MODES: Dict[str, Dict[str, str]] = {
    "tf.function": {PORTABLE: "ours_portable", V1: "v1", EMPTY: "empty"},
    "eager": {PORTABLE: "ours_portable", V1: "v1"},
    "XLA": {PORTABLE: "ours_xla", V1: "v1_xla", EMPTY: "empty_xla"},
}
KINDS = ("training", "evaluation")


def _parts(options: Options) -> List[Part]:
    return [
        Part(f"{kind} {setup.dtype} {setup.shape}", functools.partial(_run, setup, kind))
        for setup in setups(options)
        for kind in KINDS
    ]


def setups(options: Options) -> List[Setup]:
    """What is measured; the memory of the same ones is, too."""
    whole = [("float32", shape) for shape in shapes.PORTABLE]
    half = [(dtype, shape) for dtype in HALF_DTYPES for shape in shapes.TWO]
    return [
        Setup(shape, dtype, shapes.PORTABLE[shape], device=options.device)
        for dtype, shape in [*whole, *half]
        if shapes.chosen([shape], options.quick)
    ]


def _run(setup: Setup, kind: str, recorder: Recorder) -> None:
    inputs = contenders.load("ours").inputs(setup)
    turns: Dict[Tuple[str, str], Turn] = {
        (mode, name): contenders.turn(module, kind, setup, inputs, traced=mode != "eager")
        for mode, names in MODES.items()
        for name, module in names.items()
    }
    for (mode, name), samples in recorder.rounds(turns).items():
        recorder.add(NAME, setup, name, samples, f"{kind}, {mode}")


BENCHMARK = Benchmark(
    NAME,
    "This package's loss in TensorFlow's own ops, beside v1 in the same mode: `tf.function`, "
    "eager, and XLA, which means both in a `tf.function` with `jit_compile=True`. The modes of "
    "one row's shape and kind are interleaved. Class axis of (8, 21, 128, 128): 1.",
    _parts,
    base=PORTABLE,
)
