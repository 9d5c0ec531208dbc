"""Memory in addition to the inputs: the peak of a first call, and what stays after it."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import functools
import os
from typing import Any, NamedTuple

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
    SPARSE: ("ours", "ours_portable", "v1", "keras"),
    SIGMOID: ("ours", "v1"),
}
# Tracing takes some megabytes, and XLA's compiler some tens of them, which vary. They would hide
# smaller buffers.
_LARGE = 8 * 2**20
_MOST_PROCESSES = 4
_CPU_MODULES = ("ours_native",)


class _Case(NamedTuple):
    setup: Setup
    mode: str
    modules: tuple[str, ...]


def _parts(options: Options) -> list[Part]:
    return [
        _part("memory", f"{kind}, {mode}", f"{setup.dtype} {setup.shape}", kind, case)
        for case in _cases(options)
        for setup, mode, _ in [case]
        for kind in KINDS
    ]


def _family_parts(options: Options) -> list[Part]:
    places = [(shape, mode) for shape in shapes.TWO for mode in (EAGER, DYNAMIC)]
    return [
        _part("family_memory", f"{family.case(setup, kind)}, {mode}", str(shape), kind, case)
        for loss, modules in _FAMILY_MODULES.items()
        for shape, mode in [*places, (shapes.STATIC, STATIC)]
        if shapes.chosen([shape], options.quick)
        for setup in [Setup(shape, label_smoothing=0.0, device=options.device, loss=loss)]
        for case in [_Case(setup, mode, modules)]
        for kind in KINDS
    ]


def _part(benchmark: str, case: str, place: str, kind: str, measured: _Case) -> Part:
    return Part(f"{case} {place}", functools.partial(_run, benchmark, case, kind, measured))


def _cases(options: Options) -> list[_Case]:
    found = []
    for setup in portable_setups(options):
        if options.quick and (setup.dtype != "float32" or setup.shape not in shapes.TWO):
            continue
        if setup.dtype == "float32":
            found.append(_Case(setup, EAGER, WITHOUT_CHOICE))
            looked_at = setup.shape in shapes.TWO
            found.append(_Case(setup, DYNAMIC, EVERY if looked_at else WITHOUT_XLA))
            if setup.num_bytes >= _LARGE:
                found.append(_Case(setup, STATIC, EVERY))
        else:
            found.append(_Case(setup, EAGER, BESIDE_V1))
            found.append(_Case(setup, DYNAMIC, BESIDE_V1))
            found.append(_Case(setup, STATIC, UNDER_XLA))
    for shape in shapes.chosen([shapes.STATIC], options.quick):
        found.append(_Case(Setup(shape, device=options.device), STATIC, EVERY))
    return found


def _run(benchmark: str, case: str, kind: str, what: _Case, recorder: Recorder) -> None:
    """Adds the peak, and what is held after it, of each contender that can run."""
    setup, mode, modules = what
    measured = [one for one in modules if can_serve(one, setup.device, recorder)]
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


def can_serve(module: str, device: str, recorder: Recorder) -> bool:
    """Whether a contender runs there; a note says so if not."""
    if module not in _CPU_MODULES:
        return True
    from keras_xent.ops import library

    name = contenders.load(module).name
    if not devices.is_cpu(device):
        recorder.note(f"Not measured: {name} runs only on CPUs.")
        return False
    if library.problem() is not None:
        recorder.note(f"Not measured: {name} can't run here: {library.problem()}.")
        return False
    return True


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
    return memory_use(lambda: call(*inputs), setup.device) / setup.num_bytes


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
