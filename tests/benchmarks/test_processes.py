"""Processes of their own."""

from __future__ import annotations

import concurrent.futures
import gc
import os

import pytest

from benchmarks import processes
from benchmarks.contenders import NoSuchLoss
from benchmarks.processes import in_fresh_process, worker
from benchmarks.setups import SPARSE, Setup


def test_a_function_runs_elsewhere() -> None:
    assert in_fresh_process(os.getpid) != os.getpid()


def test_what_a_function_raises_arrives() -> None:
    with pytest.raises(FileNotFoundError):
        in_fresh_process(os.listdir, "/nonexistent")


def test_what_a_worker_raises_arrives_as_text() -> None:
    # There is no such dtype; or PyTorch is not installed.
    with pytest.raises(RuntimeError, match=r"^(Type|ModuleNotFound)Error: "), worker(
        "pytorch", Setup((4, 3), "nonsense")
    ):
        pass


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """No processes, which would take seconds to import TensorFlow."""
    pool = concurrent.futures.ThreadPoolExecutor
    monkeypatch.setattr(processes, "_fresh_process", lambda: pool(1))
    monkeypatch.setattr(gc, "disable", lambda: None)


@pytest.mark.usefixtures("here")
def test_a_worker_takes_turns() -> None:
    with worker("addv2", Setup((4, 3))) as (name, turn):
        assert name == "AddV2"
        assert 0 < turn() < 60
        assert 0 < turn() < 60


@pytest.mark.usefixtures("here")
def test_a_worker_without_the_loss_says_so() -> None:
    setup = Setup((2, 5, 3), axis=1, loss=SPARSE, label_smoothing=0.0)
    with pytest.raises(NoSuchLoss, match="needs the class axis last"), worker("v1", setup):
        pass
