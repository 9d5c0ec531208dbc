"""The most memory that a call has beside what was there before it."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import threading
from pathlib import Path
from typing import Any, Callable, Iterator

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"


def peak_bytes(function: Callable[[], Any]) -> int:
    """Calls a function once, its result included in what is counted."""
    gc.collect()
    _return_free_memory()
    with _peak() as peak:
        before = _kilobytes("VmRSS")
        result = function()
        extra = peak() - before
        del result
    return 1024 * extra


def _return_free_memory() -> None:
    # What malloc keeps of freed memory is resident already: a call that got it would seem free.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


@contextlib.contextmanager
def _peak() -> Iterator[Callable[[], int]]:
    """A function that tells the peak since now, in kilobytes."""
    try:
        _CLEAR_REFS.write_text(_RESET_PEAK)
    except OSError:
        # Not every kernel and container lets a process reset its peak.
        with _sampled_peak() as peak:
            yield peak
    else:
        yield lambda: _kilobytes("VmHWM")


@contextlib.contextmanager
def _sampled_peak() -> Iterator[Callable[[], int]]:
    stop = threading.Event()
    samples = [_kilobytes("VmRSS")]

    def sample() -> None:
        while not stop.wait(0.0002):
            samples[0] = max(samples[0], _kilobytes("VmRSS"))

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield lambda: max(samples[0], _kilobytes("VmRSS"))
    finally:
        stop.set()
        thread.join()


def _kilobytes(field: str) -> int:
    for line in _STATUS.read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    raise OSError(f"{_STATUS} has no {field}")
