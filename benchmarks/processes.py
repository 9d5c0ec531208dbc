"""Separate processes, for contenders whose threads would interfere, and for a fresh start."""

from __future__ import annotations

import concurrent.futures
import contextlib
import gc
import multiprocessing
import os
import time
from typing import Any, Callable, Iterator, TypeVar

from benchmarks import contenders
from benchmarks.setups import Setup
from benchmarks.timing import Turn, timed

_Result = TypeVar("_Result")
# Spawned, because a forked child would inherit TensorFlow's locks without its threads.
_CONTEXT = multiprocessing.get_context("spawn")
_LONGEST_WAIT = 40  # times 5 ms; longer than any OpenMP spins by itself


def in_fresh_process(function: Callable[..., _Result], *arguments: Any) -> _Result:
    """Calls a function in a new process."""
    with _fresh_process() as pool:
        return pool.submit(function, *arguments).result()


@contextlib.contextmanager
def worker(module: str, setup: Setup) -> Iterator[tuple[str, Turn]]:
    """Runs a contender in a separate process, which takes a turn when the parent asks.

    Args:
        module: a module of `benchmarks.contenders`.
        setup: the setup. The process creates the tensors itself.

    Yields:
        The contender's name, and its turn: a training step, which the process itself times.

    Raises:
        NoSuchLoss: its library doesn't have the loss.
        RuntimeError: it failed.
    """
    with _fresh_process() as pool:
        name = pool.submit(_prepare, module, setup).result()
        yield name, lambda: pool.submit(_take_turn).result()


def _fresh_process() -> concurrent.futures.ProcessPoolExecutor:
    return concurrent.futures.ProcessPoolExecutor(1, _CONTEXT, _quiet)


# In a worker's process, between its turns.
_turn: Turn


def _prepare(module: str, setup: Setup) -> str:
    global _turn
    with _errors_as_text():
        contender = contenders.load(module)
        _turn = timed(contender.training(setup), *contender.inputs(setup))
    gc.collect()
    gc.disable()
    return str(contender.name)


def _take_turn() -> float:
    with _errors_as_text():
        seconds = _turn()
    _wait_for_own_threads()
    return seconds


@contextlib.contextmanager
def _errors_as_text() -> Iterator[None]:
    # Not every library's errors can be pickled.
    try:
        yield
    except contenders.NoSuchLoss:
        raise
    except Exception as error:
        raise RuntimeError(f"{type(error).__name__}: {error}") from None


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
