"""The shapes and dtypes that are measured."""

from __future__ import annotations

import math
from typing import Sequence

from benchmarks.setups import Shape

# Language models, image classifiers, segmentation, few classes, and a small batch.
ALL: list[Shape] = [
    (512, 32000),
    (2048, 50257),
    (4096, 1000),
    (8192, 151),
    (65536, 10),
    (256, 1000),
]
# v1 needs three more buffers, and one in float64 has 824 MB.
WITHOUT_LARGEST: list[Shape] = [shape for shape in ALL if shape != (2048, 50257)]
# For memory and labels: many classes, and fewer.
TWO: list[Shape] = [(512, 32000), (4096, 1000)]
CLASS_AXIS_1: Shape = (8, 21, 128, 128)
# For the portable path: the class axis of each shape.
PORTABLE: dict[Shape, int] = {
    (512, 32000): -1,
    (4096, 1000): -1,
    (65536, 10): -1,
    (256, 1000): -1,
    CLASS_AXIS_1: 1,
}
DTYPES = ("float64", "bfloat16", "float16")
HALF_DTYPES = ("float16", "bfloat16")
PORTABLE_DTYPES: list[tuple[str, Shape]] = [
    *(("float32", shape) for shape in PORTABLE),
    *((dtype, shape) for dtype in HALF_DTYPES for shape in TWO),
]
# For comparing the losses with one another: many classes, some, and few.
FAMILY: list[Shape] = [(512, 32000), (4096, 1000), (65536, 10)]
# A graph itself takes some megabytes. Here, that is 0.01 buffers, so a constant is visible.
STATIC: Shape = (2048, 32000)
EAGER: Shape = (32, 10)

_QUICK_ELEMENTS = 4096 * 1000


def chosen(shapes: Sequence[Shape], quick: bool) -> list[Shape]:
    """All of them, or the fast ones."""
    return [shape for shape in shapes if not quick or math.prod(shape) <= _QUICK_ELEMENTS]
