"""The benchmarks are no part of the installed package: they are found beside it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Callable

import pytest
import tf1

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))


@pytest.fixture
def run_python(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Runs a program that finds the benchmarks, and returns what it printed."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tf1.run_python
