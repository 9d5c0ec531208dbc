"""This process's resident memory, in bytes."""

from __future__ import annotations

import contextlib
import ctypes
import threading
from pathlib import Path
from typing import Callable, Iterator

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"


def now() -> int:
    """How much of it there is."""
    return _bytes("VmRSS")


def return_free_memory() -> None:
    """Gives back to the system what `malloc` holds of freed memory."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


@contextlib.contextmanager
def peak() -> Iterator[Callable[[], int]]:
    """A function that tells the most there was since now."""
    try:
        _CLEAR_REFS.write_text(_RESET_PEAK)
    except OSError:
        # Not every kernel and container lets a process reset its peak.
        with _sampled_peak() as sampled:
            yield sampled
    else:
        yield lambda: _bytes("VmHWM")


@contextlib.contextmanager
def _sampled_peak() -> Iterator[Callable[[], int]]:
    stop = threading.Event()
    samples = [now()]

    def sample() -> None:
        while not stop.wait(0.0002):
            samples[0] = max(samples[0], now())

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield lambda: max(samples[0], now())
    finally:
        stop.set()
        thread.join()


def _bytes(field: str) -> int:
    for line in _STATUS.read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{field}:"):
            return 1024 * int(line.split()[1])
    raise OSError(f"{_STATUS} has no {field}")
