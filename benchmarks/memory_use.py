"""The memory that a call takes beside what was there before it, on any device."""

from __future__ import annotations

import gc
from typing import Any, Callable, NamedTuple

from benchmarks import devices, resident_memory


class MemoryUse(NamedTuple):
    """Bytes, or another unit, beside what was there before.

    Attributes:
        peak: the most during the call, its result included.
        held: what is left when its result is freed.
    """

    peak: float
    held: float

    def __truediv__(self, unit: float) -> MemoryUse:
        return MemoryUse(self.peak / unit, self.held / unit)


def memory_use(function: Callable[[], Any], device: str = devices.DEFAULT) -> MemoryUse:
    """Calls a function once and measures its use: resident memory, or a device's own memory."""
    if devices.is_cpu(device):
        return _resident(function)
    return _of_device(function, devices.canonical(device).split(":", 1)[1])


def _resident(function: Callable[[], Any]) -> MemoryUse:
    gc.collect()
    # What malloc keeps of freed memory is resident already: a call that got it would seem free.
    resident_memory.return_free_memory()
    with resident_memory.peak() as peak:
        before = resident_memory.now()
        result = function()
        most = peak()
    del result
    gc.collect()
    resident_memory.return_free_memory()
    return MemoryUse(most - before, resident_memory.now() - before)


def _of_device(function: Callable[[], Any], name: str) -> MemoryUse:
    """What TensorFlow's allocator there has handed out."""
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
