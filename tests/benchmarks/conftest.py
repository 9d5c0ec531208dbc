"""The benchmarks are no part of the installed package: they are found beside it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Mapping

import pytest
import tf1

if TYPE_CHECKING:
    from benchmarks.benchmark import Recorder

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))


@pytest.fixture
def run_python(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Runs a program that finds the benchmarks, and returns what it printed."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tf1.run_python


@pytest.fixture
def recorder() -> Recorder:
    """A recorder that takes no turns."""
    from benchmarks.benchmark import Recorder

    class Untimed(Recorder):
        def rounds(
            self, turns: Mapping[Any, Any], rounds: int | None = None
        ) -> dict[Any, list[float]]:
            return {name: [1.0] for name in turns}

    return Untimed()
