"""The memory probe, on memory whose size is known."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import peak_memory

SIZE = 64 * 2**20


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it reads /proc")
@pytest.mark.parametrize("can_reset", [True, False])
def test_what_a_call_takes_is_counted_even_if_it_is_freed(
    can_reset: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_reset:
        monkeypatch.setattr(peak_memory, "_CLEAR_REFS", Path("/nonexistent/clear_refs"))

    def two_buffers_and_one_stays() -> np.ndarray:
        kept = np.ones(SIZE, np.uint8)
        freed = np.ones(SIZE, np.uint8)
        time.sleep(0.05)  # for a sample, where the peak has to be sampled
        del freed
        return kept

    assert peak_memory.peak_bytes(two_buffers_and_one_stays) > 1.9 * SIZE
    assert peak_memory.peak_bytes(lambda: None) < 0.1 * SIZE


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it reads /proc")
def test_one_buffer_is_one_buffer() -> None:
    peak = peak_memory.peak_bytes(lambda: np.ones(SIZE, np.uint8))
    assert peak == pytest.approx(SIZE, rel=0.05)
