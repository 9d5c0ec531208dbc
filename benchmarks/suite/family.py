"""The sparse and the sigmoid loss beside TF1's and others', and class ids beside one-hot labels."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from typing import Any, Dict, Iterator, List, NamedTuple, Tuple

from benchmarks import contenders, shapes
from benchmarks.benchmark import Benchmark, Options, Part, Recorder
from benchmarks.setups import SIGMOID, SOFTMAX, SPARSE, Setup, Shape
from benchmarks.suite import packages
from benchmarks.timing import Turn

NAME = "family"
KINDS = ("training", "evaluation")
_EVERYBODY = (
    "ours",
    "ours_portable",
    "ours_xla",
    "ours_v1",
    "v1",
    "v1_xla",
    "keras",
    "empty",
)


class _Row(NamedTuple):
    """One row of the report.

    Attributes:
        setup: what is asked.
        modules: TensorFlow's contenders.
        with_packages: whether the others are measured, too.
    """

    setup: Setup
    modules: Tuple[str, ...]
    with_packages: bool


def case(setup: Setup, kind: str) -> str:
    """What the report calls a loss."""
    smoothed = " with label smoothing" if setup.label_smoothing else ""
    return f"{setup.loss}{smoothed}, {kind}"


def _parts(options: Options) -> List[Part]:
    return [
        Part(f"{kind} {shape}", functools.partial(_run, shape, kind, options.device))
        for shape in shapes.chosen(shapes.FAMILY, options.quick)
        for kind in KINDS
    ]


def _rows(shape: Shape, kind: str, device: str) -> Iterator[_Row]:
    # TF1's loss of class ids has no label smoothing: without it all do the same.
    plain = Setup(shape, label_smoothing=0.0, device=device)
    is_training = kind == "training"
    for loss in (SPARSE, SIGMOID):
        floor = (contenders.FLOORS[loss],) if is_training else ()
        setup = dataclasses.replace(plain, loss=loss)
        yield _Row(setup, (*_EVERYBODY, *floor), with_packages=is_training)
    floor = (contenders.FLOORS[SOFTMAX],) if is_training else ()
    yield _Row(plain, ("ours", "empty", *floor), with_packages=False)
    if is_training:
        for loss, modules in (
            (SPARSE, ("ours", "v1", "keras")),
            (SIGMOID, ("ours", "v1", "keras")),
            (SOFTMAX, ("ours",)),
        ):
            smoothed = Setup(shape, device=device, loss=loss)
            yield _Row(smoothed, modules, with_packages=False)


def _run(shape: Shape, kind: str, device: str, recorder: Recorder) -> None:
    inputs: Dict[str, Tuple[Any, ...]] = {}
    turns: Dict[Tuple[Setup, str], Turn] = {}
    with contextlib.ExitStack() as stack:
        for setup, modules, with_packages in _rows(shape, kind, device):
            if setup.loss not in inputs:
                inputs[setup.loss] = contenders.load("ours").inputs(setup)
            for module in modules:
                try:
                    turn = contenders.turn(module, kind, setup, inputs[setup.loss])
                except contenders.NoSuchLoss as error:
                    recorder.note(f"{error}, and was not measured.")
                else:
                    turns[setup, contenders.load(module).name] = turn
            if with_packages:
                for name, turn in packages.training_turns(setup, recorder, stack).items():
                    turns[setup, name] = turn
        for (setup, name), samples in recorder.rounds(turns).items():
            recorder.add(NAME, setup, name, samples, case(setup, kind))


BENCHMARK = Benchmark(
    NAME,
    "Loss and gradient, or the loss alone, in one `tf.function`: sparse (class ids), sigmoid, and "
    "softmax with the one-hot labels of the same ids. All rows of one shape and kind are "
    "interleaved. TF1's sparse loss has no label smoothing; where a row has it, v1 makes one-hot "
    "labels of the ids. Sigmoids have a weight for each row of logits. `BinaryCrossentropy`, "
    "Keras's and ours, takes the mean of a row's losses first. Keras's then divides by the number "
    "of rows, ours by the number of rows with a weight, which gives TF1's number. The floors move "
    "as many bytes as a training step: `Neg` reads the logits, `AddV2` the labels as well.",
    _parts,
)
