"""Compares the sparse and sigmoid losses with others', and class ids with one-hot labels."""

from __future__ import annotations

import dataclasses
from typing import Iterator

from benchmarks import shapes
from benchmarks.benchmark import Benchmark, Options, Part
from benchmarks.contenders import FLOORS, PACKAGES
from benchmarks.setups import SIGMOID, SOFTMAX, SPARSE, Setup, Shape
from benchmarks.suite.steps import KINDS, Step, part

NAME = "family"
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


def case(setup: Setup, kind: str) -> str:
    """The report's name for a loss."""
    smoothed = " with label smoothing" if setup.label_smoothing else ""
    return f"{setup.loss}{smoothed}, {kind}"


def _parts(options: Options) -> list[Part]:
    return [
        part(NAME, f"{kind} {shape}", steps(shape, kind, options.device))
        for shape in shapes.chosen(shapes.FAMILY, options.quick)
        for kind in KINDS
    ]


def steps(shape: Shape, kind: str, device: str) -> Iterator[Step]:
    """The steps that are measured in turn."""
    for setup, names in _rows(shape, kind, device):
        for name in names:
            yield Step(name, setup, kind, case(setup, kind))


def _rows(shape: Shape, kind: str, device: str) -> Iterator[tuple[Setup, tuple[str, ...]]]:
    is_training = kind == "training"
    # TF1's loss of class ids has no label smoothing. Without it, all compute the same.
    plain = Setup(shape, label_smoothing=0.0, device=device)
    for loss in (SPARSE, SIGMOID):
        others = (FLOORS[loss], *PACKAGES) if is_training else ()
        yield dataclasses.replace(plain, loss=loss), (*_EVERYBODY, *others)
    yield plain, ("ours", "empty", FLOORS[SOFTMAX]) if is_training else ("ours", "empty")
    if is_training:
        smoothed = Setup(shape, device=device)
        yield dataclasses.replace(smoothed, loss=SPARSE), ("ours", "v1", "keras")
        yield dataclasses.replace(smoothed, loss=SIGMOID), ("ours", "v1", "keras")
        yield smoothed, ("ours",)


BENCHMARK = Benchmark(
    NAME,
    "The loss and its gradient, or only the loss, in one `tf.function`: sparse (class ids), "
    "sigmoid, and softmax with the one-hot labels of the same ids. All rows of one shape and "
    "kind are interleaved. TF1's sparse loss has no label smoothing. In rows with smoothing, "
    "v1 turns the ids into one-hot labels. The sigmoid losses have a weight for each row of "
    "logits. `BinaryCrossentropy`, Keras's and ours, first takes the mean of a row's losses. "
    "Keras's then divides by the number of rows, and ours by the number of rows with a "
    "non-zero weight, which returns TF1's number. The lower limits move as many bytes as a "
    "training step: `Neg` reads the logits, and `AddV2` reads the logits and the labels.",
    _parts,
)
