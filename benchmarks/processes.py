"""Separate processes, for contenders whose threads would interfere, and for a fresh start."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import time
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Callable, TypeVar

from benchmarks import contenders
from benchmarks.setups import Setup
from benchmarks.timing import timed, without_gc

_Result = TypeVar("_Result")
# Spawned, because a forked child would inherit TensorFlow's locks without its threads.
_CONTEXT = multiprocessing.get_context("spawn")
_LONGEST_WAIT = 40  # times 5 ms; longer than any OpenMP spins by itself


def in_fresh_process(function: Callable[..., _Result], *arguments: Any) -> _Result:
    """Calls a function in a new process."""
    with concurrent.futures.ProcessPoolExecutor(1, _CONTEXT, _quiet) as pool:
        return pool.submit(function, *arguments).result()


class Worker:
    """A contender in a separate process, which takes a turn when the parent asks.

    Args:
        module: a module of `benchmarks.contenders`.
        setup: the setup. The process creates the tensors itself.

    Raises:
        NoSuchLoss: its library doesn't have the loss.
        RuntimeError: it failed.
    """

    def __init__(self, module: str, setup: Setup) -> None:
        self._pipe, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_serve, args=(theirs, module, setup), daemon=True)
        self._process.start()
        theirs.close()
        self.name = str(self._received())

    def turn(self) -> float:
        """The seconds of one training step, measured in the process itself."""
        self._pipe.send("turn")
        return float(self._received())

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.join()
        self._pipe.close()

    def _received(self) -> Any:
        answer = self._pipe.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


def _serve(pipe: Connection, module: str, setup: Setup) -> None:
    _quiet()
    try:
        contender = contenders.load(module)
        turn = timed(contender.training(setup), *contender.inputs(setup))
        pipe.send(contender.name)
        with without_gc():
            while pipe.recv():
                seconds = turn()
                _wait_for_own_threads()
                pipe.send(seconds)
    except contenders.NoSuchLoss as error:
        pipe.send(error)
    except Exception as error:
        # As text, because not every library's errors can be pickled.
        pipe.send(RuntimeError(f"{type(error).__name__}: {error}"))


def _wait_for_own_threads() -> None:
    # OpenMP's threads spin for some milliseconds, which would slow down the next contender.
    for _ in range(_LONGEST_WAIT):
        before = time.process_time()
        time.sleep(0.005)
        if time.process_time() - before < 0.0005:
            return


def _quiet() -> None:
    # TensorFlow logs to stderr, where the parent draws its progress bar.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
