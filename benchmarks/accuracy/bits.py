"""Checks that the results have the same bits for any number of threads."""

from __future__ import annotations

import functools

import numpy as np

from benchmarks import contenders
from benchmarks.benchmark import OURS, Benchmark, Options, Part, Recorder
from benchmarks.setups import Setup

NAME = "bits"
THREADS = (2, 5)  # compared with one
_SHAPES = (((300, 5000), -1), ((20000, 10), -1), ((3, 250000), -1), ((4, 21, 64, 64), 1))
_DTYPES = ("float16", "bfloat16", "float32", "float64")
SETUPS = [Setup(shape, dtype, axis) for dtype in _DTYPES for shape, axis in _SHAPES]


def _parts(options: Options) -> list[Part]:
    return [Part(f"{one.dtype} {one.shape}", functools.partial(_run, one)) for one in SETUPS]


def _run(setup: Setup, recorder: Recorder) -> None:
    from keras_xent.ops import library

    contender = contenders.load("ours")
    step, inputs = contender.training(setup), contender.inputs(setup)
    native = library.load()

    def result(threads: int) -> bytes:
        native.set_threads(threads)
        return b"".join(np.asarray(tensor.numpy()).tobytes() for tensor in step(*inputs))

    before = native.threads
    try:
        alone = result(1)
        differing = [differing_bytes(alone, result(threads)) for threads in THREADS]
    finally:
        native.set_threads(before)
    recorder.add(NAME, setup, OURS, differing, unit="bytes that differ")


def differing_bytes(one: bytes, other: bytes) -> int:
    """The number of bytes that differ between two strings of the same length."""
    return int(np.count_nonzero(np.frombuffer(one, np.uint8) != np.frombuffer(other, np.uint8)))


BENCHMARK = Benchmark(
    NAME,
    "The loss and the gradient with 2 and 5 threads, compared byte by byte with those of one "
    "thread.",
    _parts,
    statistic="maximum",
)
