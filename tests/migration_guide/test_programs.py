"""The guide's two programs print the same losses, step by step."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Dict

import numpy as np
import pytest

PROGRAMS = Path(__file__).parent.parent.parent / "migration_guide" / "programs"


@pytest.fixture(scope="module")
def losses() -> Dict[str, np.ndarray]:
    """What both print. Each has a process: before.py switches TensorFlow 2 off."""
    running = {
        name: subprocess.Popen([sys.executable, PROGRAMS / f"{name}.py"], stdout=subprocess.PIPE)
        for name in ("before", "after")
    }
    printed = {name: program.communicate()[0] for name, program in running.items()}
    assert [program.returncode for program in running.values()] == [0, 0]
    return {name: np.array(text.split(), np.float64) for name, text in printed.items()}


def test_the_trajectories_are_equal(losses: Dict[str, np.ndarray]) -> None:
    assert losses["before"].shape == (24,)
    np.testing.assert_allclose(losses["after"], losses["before"], rtol=2e-6)


def test_every_term_is_there(losses: Dict[str, np.ndarray]) -> None:
    # The batch without labels leaves the regularisation and the activity loss.
    without_labels = losses["before"][2::8]
    assert np.all((without_labels > 0.01) & (without_labels < 0.1))
