"""The migration guide's programs, which print the losses of a training."""

from __future__ import annotations

import functools
from pathlib import Path

import processes

FOLDER = Path(__file__).parent.parent / "migration_guide" / "programs"


@functools.lru_cache(maxsize=None)
def printed_by(name: str) -> str:
    """What a program prints. It has a process, because TF1's programs switch TensorFlow 2 off."""
    return processes.printed_by([str(FOLDER / f"{name}.py")])
