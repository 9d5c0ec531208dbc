"""Processes of their own."""

from __future__ import annotations

import os

import pytest

from benchmarks.contenders import NoSuchLoss
from benchmarks.processes import Worker, in_fresh_process
from benchmarks.setups import SPARSE, Setup


def test_a_function_runs_elsewhere() -> None:
    assert in_fresh_process(os.getpid) != os.getpid()


def test_what_a_function_raises_arrives() -> None:
    with pytest.raises(FileNotFoundError):
        in_fresh_process(os.listdir, "/nonexistent")


def test_a_worker_takes_turns_and_ends() -> None:
    with Worker("addv2", Setup((4, 3))) as worker:
        assert worker.name == "AddV2"
        assert 0 < worker.turn() < 60
        assert 0 < worker.turn() < 60
        process = worker._process
        assert process.is_alive()
    assert not process.is_alive()


def test_a_worker_that_cannot_start_says_why() -> None:
    # There is no such dtype; elsewhere, there is no PyTorch.
    with pytest.raises(RuntimeError, match=r"^(Type|ModuleNotFound)Error: "):
        Worker("pytorch", Setup((4, 3), "nonsense"))


def test_a_worker_without_such_a_loss_says_what_is_missing() -> None:
    with pytest.raises(NoSuchLoss, match="no sparse loss"):
        Worker("addv2", Setup((4, 3), loss=SPARSE))
