"""This process's memory, with memory whose size is known."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import resident_memory

SIZE = 64 * 2**20

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it reads /proc")


@pytest.mark.parametrize("can_reset", [True, False])
def test_the_peak_counts_what_is_freed(can_reset: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not can_reset:
        monkeypatch.setattr(resident_memory, "_CLEAR_REFS", Path("/nonexistent/clear_refs"))
    before = resident_memory.now()
    with resident_memory.peak() as peak:
        freed = np.ones(SIZE, np.uint8)
        time.sleep(0.05)  # for a sample, where the peak has to be sampled
        assert resident_memory.now() - before == pytest.approx(SIZE, rel=0.05)
        del freed
        assert peak() - before == pytest.approx(SIZE, rel=0.05)
    assert resident_memory.now() - before < 0.1 * SIZE
