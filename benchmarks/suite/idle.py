"""The after-effects of a call: processor time, and a slower next op."""

from __future__ import annotations

import functools
import time
from typing import Callable

from benchmarks import contenders
from benchmarks.benchmark import Benchmark, Options, Part, Recorder
from benchmarks.setups import Setup
from benchmarks.timing import Turn, timed

NAME = "idle"
UNIT = "of one processor"
SETUP = Setup((512, 32000))
_IDLE_SECONDS = 1.0
_IDLE_ROUNDS = 3


def _parts(options: Options) -> list[Part]:
    return [Part("processor time", _run_idle), Part("matmul", _run_matmul)]


def _steps() -> dict[str, Callable[[], object]]:
    inputs = contenders.load("ours").inputs(SETUP)
    steps: dict[str, Callable[[], object]] = {}
    for module in ("ours", "addv2"):
        contender = contenders.load(module)
        step = contender.traced(contender.training(SETUP))
        steps[contender.name] = functools.partial(step, *inputs)
    return steps


def _run_idle(recorder: Recorder) -> None:
    for name, step in _steps().items():
        step()
        shares = [_processor_share_after(step) for _ in range(_IDLE_ROUNDS)]
        recorder.add(NAME, SETUP, name, shares, "CPU time while idle", UNIT)


def _processor_share_after(step: Callable[[], object]) -> float:
    step()
    used, started = time.process_time(), time.perf_counter()
    time.sleep(_IDLE_SECONDS)
    return (time.process_time() - used) / (time.perf_counter() - started)


def _run_matmul(recorder: Recorder) -> None:
    import tensorflow as tf

    x = tf.random.stateless_normal([1000, 1000], [0, 0])
    matmul = tf.function(lambda: tf.linalg.matmul(x, x))

    def after(step: Callable[[], object]) -> Turn:
        def turn() -> float:
            step()
            return timed(matmul)()

        return turn

    turns = {name: after(step) for name, step in _steps().items()}
    recorder.compare(NAME, SETUP, turns, "matmul right after")


BENCHMARK = Benchmark(
    NAME,
    "The processor time of the whole process in the second after a call. Also "
    "`tf.linalg.matmul` of two 1000 × 1000 matrices right after a training step, compared "
    "with the same after AddV2, which leaves the caches as cold.",
    _parts,
    cpu_only=True,
)
