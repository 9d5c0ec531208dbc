"""Memory in addition to the inputs: the peak of a first call, and what stays after it."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import functools
import os
from typing import Any, Iterator, NamedTuple

from benchmarks import contenders, devices, shapes
from benchmarks.benchmark import Benchmark, Options, Part, Recorder
from benchmarks.memory_use import MemoryUse, memory_use
from benchmarks.processes import in_fresh_process
from benchmarks.setups import SIGMOID, SPARSE, Setup, Shape
from benchmarks.suite import family
from benchmarks.suite.steps import KINDS, portable_setups

EAGER, DYNAMIC, STATIC = "eager", "tf.function", "tf.function, static shapes"
HELD = ", after it"  # added to the peak's case, for what stays
UNIT = "buffers of the logits' size"
WITHOUT_CHOICE = ("ours", "ours_portable", "v1", "keras")
WITHOUT_XLA = ("ours", "ours_native", "ours_portable", "v1", "keras")
UNDER_XLA = ("ours_xla", "v1_xla")
EVERY = (*WITHOUT_XLA, *UNDER_XLA)
BESIDE_V1 = ("ours_portable", "v1")
_FAMILY_MODULES = {
    SPARSE: WITHOUT_CHOICE,
    SIGMOID: ("ours", "v1"),
}
# Tracing takes some megabytes, and XLA's compiler some tens of them, which vary. They would hide
# smaller buffers.
_LARGE = 8 * 2**20
_MOST_PROCESSES = 4


class _Case(NamedTuple):
    """What is measured, for each kind of step.

    Attributes:
        setup: the loss and its inputs.
        mode: `EAGER`, `DYNAMIC` or `STATIC`.
        modules: the contenders.
    """

    setup: Setup
    mode: str
    modules: tuple[str, ...]


def _parts(options: Options) -> list[Part]:
    return [_part("memory", kind, kind, case) for case in _cases(options) for kind in KINDS]


def _cases(options: Options) -> Iterator[_Case]:
    for setup in portable_setups(options):
        looked_at = setup.shape in shapes.TWO
        if options.quick and not (looked_at and setup.dtype == "float32"):
            continue
        if setup.dtype == "float32":
            yield _Case(setup, EAGER, WITHOUT_CHOICE)
            yield _Case(setup, DYNAMIC, EVERY if looked_at else WITHOUT_XLA)
            if setup.num_bytes >= _LARGE:
                yield _Case(setup, STATIC, EVERY)
        else:
            yield _Case(setup, EAGER, BESIDE_V1)
            yield _Case(setup, DYNAMIC, BESIDE_V1)
            yield _Case(setup, STATIC, UNDER_XLA)
    for shape in shapes.chosen([shapes.STATIC], options.quick):
        yield _Case(Setup(shape, device=options.device), STATIC, EVERY)


def _family_parts(options: Options) -> list[Part]:
    places = [(shape, mode) for shape in shapes.TWO for mode in (EAGER, DYNAMIC)]
    cases = [
        _Case(Setup(shape, label_smoothing=0.0, device=options.device, loss=loss), mode, modules)
        for loss, modules in _FAMILY_MODULES.items()
        for shape, mode in [*places, (shapes.STATIC, STATIC)]
        if shapes.chosen([shape], options.quick)
    ]
    return [
        _part("family_memory", family.case(case.setup, kind), kind, case)
        for case in cases
        for kind in KINDS
    ]


def _part(benchmark: str, step: str, kind: str, measured: _Case) -> Part:
    case = f"{step}, {measured.mode}"
    return Part(
        f"{case} {measured.setup.dtype} {measured.setup.shape}",
        functools.partial(_run, benchmark, case, kind, measured),
    )


def _run(benchmark: str, case: str, kind: str, what: _Case, recorder: Recorder) -> None:
    """Adds the peak, and what is held after it, of each contender that can run."""
    setup, mode, modules = what
    measured = contenders.available(modules, recorder)
    # No time is measured. On a GPU, they would interfere with each other.
    processes = min(os.cpu_count() or 1, _MOST_PROCESSES) if devices.is_cpu(setup.device) else 1
    with concurrent.futures.ThreadPoolExecutor(processes) as pool:
        uses = pool.map(
            lambda module: in_fresh_process(buffers, module, setup, kind, mode), measured
        )
        for number, (module, use) in enumerate(zip(measured, uses)):
            name = contenders.load(module).name
            recorder.add(benchmark, setup, name, [use.peak], case, UNIT)
            recorder.add(benchmark, setup, name, [use.held], case + HELD, UNIT)
            recorder.tick((number + 1) / len(measured))


def buffers(module: str, setup: Setup, kind: str, mode: str) -> MemoryUse:
    """The memory of the first call of this size in this process.

    The first call counts, including the memory that a library keeps for the next call. A call with
    a few examples comes before it, for what a process sets up only once. That call also creates the
    trace for any batch size. A trace with static shapes belongs to the measured call, because it
    can hold memory of that size.
    """
    contender = contenders.load(module)
    step = getattr(contender, kind)(setup)
    small = contender.inputs(dataclasses.replace(setup, shape=_small(setup, mode)))
    first = step
    if mode == DYNAMIC:
        first = step = contender.traced(step, [_any_batch_size(tensor) for tensor in small])
    elif mode == STATIC:
        first = contender.traced(step)
        step = contender.traced(getattr(contender, kind)(setup))
    for _ in range(3):
        devices.on(setup.device, first)(*small)
    inputs = contender.inputs(setup)
    call = devices.on(setup.device, step)
    use = memory_use(lambda: call(*inputs), setup.device)
    return MemoryUse(use.peak / setup.num_bytes, use.held / setup.num_bytes)


def _small(setup: Setup, mode: str) -> Shape:
    if mode == DYNAMIC:
        return (2, *setup.shape[1:])
    axis = setup.axis % len(setup.shape)
    return tuple(size if number == axis else 2 for number, size in enumerate(setup.shape))


def _any_batch_size(tensor: Any) -> Any:
    import tensorflow as tf

    return tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype)


BENCHMARK = Benchmark(
    "memory",
    "The increase in memory during the first call of this size: at its peak, and after its "
    "result is freed. The unit is one buffer of the logits' size and dtype, so the gradient "
    "itself is 1. Each measurement has its own process. On a CPU, it measures resident "
    "memory. The rows `tf.function` use an earlier trace that accepts any batch size. With "
    "static shapes, tracing and optimizing are part of the call and take some megabytes, "
    "which are many buffers if a buffer is small. The class axis of (8, 21, 128, 128) is 1.",
    _parts,
)
FAMILY = Benchmark(
    "family_memory",
    "The memory of the sparse and the sigmoid loss, measured like `memory`.",
    _family_parts,
)
