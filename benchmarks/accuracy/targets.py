"""The largest errors allowed."""

from __future__ import annotations

from typing import Iterator

from benchmarks.accuracy import bits, gradients, losses, sigmoids
from benchmarks.benchmark import OURS, Target
from benchmarks.measurement import Key

LOSS_ULPS = 2.0
TAIL = 1e-13  # relative
DOMINANT = {"float32": 1e-6, "float64": 1e-14}  # relative: a few roundings
SIGMOID_GRADIENT = DOMINANT
BITS = 0.0


def _targets() -> Iterator[Target]:
    for scale in losses.SCALES:
        for classes in losses.CLASS_COUNTS:
            shape = (losses.examples(classes), classes)
            for labels in losses.LABELS:
                case = losses.case(scale, labels)
                for name in (OURS, losses.SPARSE):
                    yield _at_most(LOSS_ULPS, Key(losses.NAME, case, "float32", shape, name))
    for scale in losses.SCALES:
        for sigmoid_labels in sigmoids.LABELS:
            case = losses.case(scale, sigmoid_labels)
            key = Key(sigmoids.LOSSES, case, "float32", sigmoids.LOSSES_SHAPE, OURS)
            yield _at_most(LOSS_ULPS, key)
    for classes in gradients.CLASS_COUNTS:
        yield _at_most(TAIL, Key("tail", "", "float64", (1, classes), OURS))
    for dtype, bound in DOMINANT.items():
        for classes in gradients.CLASS_COUNTS:
            yield _at_most(bound, Key("dominant", "", dtype, (1, classes), OURS))
    for dtype in sigmoids.GRADIENT_DTYPES:
        key = Key(sigmoids.GRADIENTS, "", dtype, sigmoids.GRADIENTS_SHAPE, OURS)
        yield _at_most(SIGMOID_GRADIENT[dtype], key)
    for setup in bits.SETUPS:
        yield _at_most(BITS, Key("bits", "", setup.dtype, setup.shape, OURS))


def _at_most(bound: float, key: Key) -> Target:
    return Target(key, bound, at_least=False, statistic="maximum")


TARGETS: tuple[Target, ...] = tuple(_targets())
