"""The peak of a contender whose peak is known."""

from __future__ import annotations

import sys

import pytest

from benchmarks.processes import in_fresh_process
from benchmarks.setups import Setup
from benchmarks.suite import memory


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it reads /proc")
@pytest.mark.parametrize("mode", memory.MODES)
def test_addv2_takes_one_buffer(mode: str) -> None:
    # In a process that has run it before, TensorFlow may have kept the memory: with oneDNN it does.
    setup = Setup((256, 32000))
    peak = in_fresh_process(memory.peak_buffers, "addv2", setup, "training", mode)
    assert peak == pytest.approx(1, abs=0.1)
