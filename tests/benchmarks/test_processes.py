"""Processes of their own."""

from __future__ import annotations

import multiprocessing
import os
import re
from typing import Any

import pytest

from benchmarks import processes
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


class Sent(list):  # type: ignore[type-arg]
    """The worker's end of a pipe."""

    send = list.append


@pytest.mark.parametrize(
    ("module", "setup", "error", "message"),
    [
        # There is no such dtype; or PyTorch is not installed.
        ("pytorch", Setup((4, 3), "nonsense"), RuntimeError, r"^(Type|ModuleNotFound)Error: "),
        ("addv2", Setup((4, 3), loss=SPARSE), NoSuchLoss, "no sparse loss"),
    ],
)
def test_a_worker_that_cannot_start_says_why(
    module: str, setup: Setup, error: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe: Any = Sent()
    monkeypatch.setattr(processes, "_quiet", lambda: None)
    processes._serve(pipe, module, setup)
    (sent,) = pipe
    assert type(sent) is error
    assert re.search(message, str(sent))


def test_an_error_of_a_worker_is_raised() -> None:
    worker = Worker.__new__(Worker)
    worker._pipe, theirs = multiprocessing.Pipe()
    theirs.send(NoSuchLoss("no sparse loss"))
    with pytest.raises(NoSuchLoss, match="no sparse loss"):
        worker.turn()
