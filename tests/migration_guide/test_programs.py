"""The guide's programs print the same before and after, step by step."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Dict

import numpy as np
import pytest

PROGRAMS = Path(__file__).parent.parent.parent / "migration_guide" / "programs"


def printed_by(prefix: str) -> Dict[str, np.ndarray]:
    """What both print. Each has a process: the one before switches TensorFlow 2 off."""
    running = {
        name: subprocess.Popen(
            [sys.executable, PROGRAMS / f"{prefix}{name}.py"], stdout=subprocess.PIPE
        )
        for name in ("before", "after")
    }
    printed = {name: program.communicate()[0] for name, program in running.items()}
    assert [program.returncode for program in running.values()] == [0, 0]
    return {name: np.array(text.split(), np.float64) for name, text in printed.items()}


@pytest.fixture(scope="module")
def losses() -> Dict[str, np.ndarray]:
    return printed_by("")


def test_the_trajectories_are_equal(losses: Dict[str, np.ndarray]) -> None:
    assert losses["before"].shape == (24,)
    np.testing.assert_allclose(losses["after"], losses["before"], rtol=2e-6)


def test_every_term_is_there(losses: Dict[str, np.ndarray]) -> None:
    # The batch without labels leaves the regularisation and the activity loss.
    without_labels = losses["before"][2::8]
    assert np.all((without_labels > 0.01) & (without_labels < 0.1))


def test_the_model_fn_and_its_port_are_equal() -> None:
    # Before 2.16 TensorFlow's own Estimator runs the model_fn, later what stands in for it.
    printed = printed_by("estimator_")
    steps, examples = 20, 128
    assert printed["before"].shape == (steps + len(("loss", "accuracy")) + examples,)
    np.testing.assert_allclose(printed["after"], printed["before"], rtol=1e-5)
    # It has trained, and the batch without labels has the other terms of the loss.
    assert printed["before"][16] < printed["before"][8] < printed["before"][0]
    assert np.all((printed["before"][2:steps:8] > 0.01) & (printed["before"][2:steps:8] < 0.1))
