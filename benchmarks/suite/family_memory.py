"""Memory of the sparse and the sigmoid loss."""

from __future__ import annotations

import functools
from typing import Dict, List, NamedTuple, Tuple

from benchmarks import shapes
from benchmarks.benchmark import Benchmark, Options, Part, Recorder
from benchmarks.setups import SIGMOID, SPARSE, Setup, Shape
from benchmarks.suite import family, memory

NAME = "family_memory"
_MODULES: Dict[str, Tuple[str, ...]] = {
    SPARSE: ("ours", "ours_portable", "v1", "keras"),
    SIGMOID: ("ours", "v1"),
}


class _Case(NamedTuple):
    shape: Shape
    mode: str


def _parts(options: Options) -> List[Part]:
    places = [_Case(shape, mode) for shape in shapes.TWO for mode in (memory.EAGER, memory.DYNAMIC)]
    places.append(_Case(shapes.STATIC, memory.STATIC))
    return [
        Part(f"{family.case(setup, kind)}, {mode} {shape}", run)
        for loss, modules in _MODULES.items()
        for shape, mode in places
        if shapes.chosen([shape], options.quick)
        for setup in [Setup(shape, label_smoothing=0.0, device=options.device, loss=loss)]
        for kind in family.KINDS
        for run in [functools.partial(_run, setup, kind, mode, modules)]
    ]


def _run(
    setup: Setup, kind: str, mode: str, modules: Tuple[str, ...], recorder: Recorder
) -> None:
    case = f"{family.case(setup, kind)}, {mode}"
    memory.measure(NAME, case, setup, kind, mode, modules, recorder)


BENCHMARK = Benchmark(
    NAME,
    "Memory of the sparse and the sigmoid loss, as `memory` measures it.",
    _parts,
)
