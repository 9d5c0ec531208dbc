"""Time per element, for a thousand to a billion elements."""

from __future__ import annotations

import functools
import math
import statistics

from benchmarks import contenders, memory_use
from benchmarks.benchmark import OURS, TIMES, Benchmark, Options, Part, Recorder
from benchmarks.setups import Setup
from benchmarks.timing import timed

NAME = "linear"
UNIT = "ns per element"
SPREAD_CASE = "largest factor from the median, 10^6 to 10^9"
_NUM_CLASSES = 1000
_EXPONENTS = range(3, 10)
# For a thousand elements, the call dominates. The target is about the cost of an element.
_SPREAD_FROM = 10**6


def _parts(options: Options) -> list[Part]:
    largest = 7 if options.quick else max(_EXPONENTS)
    exponents = [exponent for exponent in _EXPONENTS if exponent <= largest]
    sizes = [
        Part(f"10^{exponent}", functools.partial(_run, exponent)) for exponent in exponents
    ]
    return [*sizes, Part("spread", _spread)]


def _run(exponent: int, recorder: Recorder) -> None:
    elements = 10**exponent
    setup = Setup((elements // _NUM_CLASSES, _NUM_CLASSES))
    # Logits, labels and gradient; three times the logits while the inputs are created.
    needed = 3 * setup.num_bytes + 2**30
    available = memory_use.available()
    if available < needed:
        recorder.note(
            f"linear: 10^{exponent} elements need {needed / 1e9:.1f} GB, but only "
            f"{available / 1e9:.1f} GB of memory are available."
        )
        return
    contender = contenders.load("ours")
    turn = timed(contender.traced(contender.training(setup)), *contender.inputs(setup))
    seconds = recorder.rounds({OURS: turn})[OURS]
    recorder.add(NAME, setup, OURS, [1e9 * x / elements for x in seconds], unit=UNIT)


def _spread(recorder: Recorder) -> None:
    sizes = [
        measurement.summary.median
        for measurement in recorder.measurements
        if measurement.unit == UNIT and math.prod(measurement.key.shape) >= _SPREAD_FROM
    ]
    if sizes:
        recorder.add(NAME, Setup(()), OURS, [largest_factor(sizes)], SPREAD_CASE, TIMES)


def largest_factor(values: list[float]) -> float:
    """How far the values are from their median, as a factor of at least 1.

    Examples:
        >>> largest_factor([1.0, 2.0, 3.0])
        2.0
    """
    middle = statistics.median(values)
    return max(max(value / middle, middle / value) for value in values)


BENCHMARK = Benchmark(
    NAME,
    "A training step with 1000 classes and 10^3 to 10^9 elements. Times are per element. "
    "Sizes run one after the other, because only one of the largest fits into memory.",
    _parts,
    cpu_only=True,
)
