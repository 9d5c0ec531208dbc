"""The additional memory that a call uses, on any device."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import math
import threading
from pathlib import Path
from typing import Any, Callable, Iterator, NamedTuple

from benchmarks import devices

_MACHINE = Path("/proc/meminfo")
_PROCESS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"


class MemoryUse(NamedTuple):
    """Additional memory, in bytes or another unit.

    Attributes:
        peak: the maximum during the call, including its result.
        held: what is still in use after its result is freed.
    """

    peak: float
    held: float


def memory_use(function: Callable[[], Any], device: str = devices.DEFAULT) -> MemoryUse:
    """Calls a function once, and measures its resident memory or its memory on a device."""
    if devices.is_cpu(device):
        return _resident(function)
    return _of_device(function, devices.canonical(device).split(":", 1)[1])


def _resident(function: Callable[[], Any]) -> MemoryUse:
    gc.collect()
    # Freed memory that malloc keeps is still resident, so a call that reused it would seem free.
    return_free_memory()
    with peak_resident() as peak:
        before = resident()
        result = function()
        most = peak()
    del result
    gc.collect()
    return_free_memory()
    return MemoryUse(most - before, resident() - before)


def _of_device(function: Callable[[], Any], name: str) -> MemoryUse:
    """Measures what TensorFlow's allocator for the device has allocated."""
    import tensorflow as tf

    info = tf.config.experimental.get_memory_info
    gc.collect()
    tf.config.experimental.reset_memory_stats(name)
    before = info(name)["current"]
    result = function()
    most = info(name)["peak"]
    del result
    gc.collect()
    return MemoryUse(most - before, info(name)["current"] - before)


def resident() -> int:
    """This process's resident memory, in bytes."""
    return _bytes(_PROCESS, "VmRSS")


def available() -> float:
    """Bytes that can be used without swapping; unlimited if the system doesn't report it."""
    try:
        return _bytes(_MACHINE, "MemAvailable")
    except OSError:
        return math.inf


def return_free_memory() -> None:
    """Returns freed memory that `malloc` keeps to the system."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


@contextlib.contextmanager
def peak_resident() -> Iterator[Callable[[], int]]:
    """Returns a function that returns the peak since the start, in bytes."""
    try:
        _CLEAR_REFS.write_text(_RESET_PEAK)
    except OSError:
        # Not every kernel and container lets a process reset its peak.
        with _sampled_peak() as sampled:
            yield sampled
    else:
        yield lambda: _bytes(_PROCESS, "VmHWM")


@contextlib.contextmanager
def _sampled_peak() -> Iterator[Callable[[], int]]:
    stop = threading.Event()
    samples = [resident()]

    def sample() -> None:
        while not stop.wait(0.0002):
            samples[0] = max(samples[0], resident())

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield lambda: max(samples[0], resident())
    finally:
        stop.set()
        thread.join()


def _bytes(file: Path, field: str) -> int:
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{field}:"):
            return 1024 * int(line.split()[1])
    raise OSError(f"{file} has no {field}")
