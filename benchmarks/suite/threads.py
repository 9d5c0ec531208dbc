"""The speedup from a second thread."""

from __future__ import annotations

import concurrent.futures

import numpy as np

from benchmarks import contenders
from benchmarks.benchmark import OURS, Benchmark, Options, Part, Recorder
from benchmarks.setups import Setup
from benchmarks.timing import Turn, timed

NAME = "threads"
SETUP = Setup((512, 32000))
_CASES = {1: "1 thread", 2: "2 threads"}


def _parts(options: Options) -> list[Part]:
    return [Part(OURS, _run_ours), Part("numpy.add", _run_roofline)]


def _run_ours(recorder: Recorder) -> None:
    from keras_xent.ops import library

    contender = contenders.load("ours")
    step = contender.traced(contender.training(SETUP))
    inputs = contender.inputs(SETUP)
    native = library.load()

    def with_threads(count: int) -> Turn:
        def turn() -> float:
            native.set_threads(count)
            step(*inputs)  # starts them
            return timed(step, *inputs)()

        return turn

    before = native.threads
    try:
        samples = recorder.rounds({case: with_threads(count) for count, case in _CASES.items()})
    finally:
        native.set_threads(before)
    for case, seconds in samples.items():
        recorder.add(NAME, SETUP, OURS, seconds, case)


def _run_roofline(recorder: Recorder) -> None:
    arrays = SETUP.logits(), SETUP.labels(), np.empty(SETUP.shape, SETUP.dtype)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:

        def add_in_pieces(count: int) -> Turn:
            pieces = [np.array_split(array, count) for array in arrays]
            # NumPy lets other threads run while it adds.
            return timed(lambda: list(pool.map(np.add, *pieces)))

        turns = {case: add_in_pieces(count) for count, case in _CASES.items()}
        for case, seconds in recorder.rounds(turns).items():
            recorder.add(NAME, SETUP, "numpy.add", seconds, f"numpy.add, {case}")


BENCHMARK = Benchmark(
    NAME,
    "A training step with one thread and with two threads, switched in one process. "
    "`numpy.add` into an existing array shows what two threads gain if memory is the only "
    "limit.",
    _parts,
    cpu_only=True,
)
