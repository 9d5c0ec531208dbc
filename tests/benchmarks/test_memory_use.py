"""What a call takes and leaves, with memory whose size is known."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import memory_use
from benchmarks.memory_use import MemoryUse

SIZE = 64 * 2**20


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it reads /proc")
@pytest.mark.parametrize("device", ["", "/CPU:0"])
def test_resident_memory(device: str) -> None:
    kept: list[np.ndarray] = []

    def two_buffers_and_one_stays() -> np.ndarray:
        kept.append(np.ones(SIZE, np.uint8))
        return np.ones(SIZE, np.uint8)

    use = memory_use.memory_use(two_buffers_and_one_stays, device)
    assert use.peak == pytest.approx(2 * SIZE, rel=0.05)
    assert use.held == pytest.approx(SIZE, rel=0.05)
    assert memory_use.memory_use(lambda: None, device).peak < 0.1 * SIZE


def test_a_devices_own_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    info = {"GPU:1": {"current": 100, "peak": 900}}

    def reset(device: str) -> None:
        info[device]["peak"] = info[device]["current"]

    class Result:
        def __init__(self) -> None:
            info["GPU:1"] = {"current": 150, "peak": 170}

        def __del__(self) -> None:
            info["GPU:1"]["current"] = 120

    monkeypatch.setattr(tf.config.experimental, "get_memory_info", lambda device: info[device])
    monkeypatch.setattr(tf.config.experimental, "reset_memory_stats", reset)
    assert memory_use.memory_use(Result, "/GPU:1") == MemoryUse(peak=70, held=20)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it reads /proc")
@pytest.mark.parametrize("can_reset", [True, False])
def test_the_peak_counts_what_is_freed(can_reset: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not can_reset:
        monkeypatch.setattr(memory_use, "_CLEAR_REFS", Path("/nonexistent/clear_refs"))
    before = memory_use.resident()
    with memory_use.peak_resident() as peak:
        freed = np.ones(SIZE, np.uint8)
        time.sleep(0.05)  # for a sample, where the peak has to be sampled
        assert memory_use.resident() - before == pytest.approx(SIZE, rel=0.05)
        del freed
        assert peak() - before == pytest.approx(SIZE, rel=0.05)
    assert memory_use.resident() - before < 0.1 * SIZE
