"""Defines a benchmark, and collects its measurements."""

from __future__ import annotations

import dataclasses
from typing import Callable, Hashable, Mapping, NamedTuple, Sequence, TypeVar

from benchmarks import devices
from benchmarks.measurement import Key, Measurement, summarize
from benchmarks.setups import Setup
from benchmarks.timing import Turn, interleaved

SECONDS = "s"
TIMES = "×"
OURS = "keras_xent"
PORTABLE = "keras_xent, portable"
EMPTY = "empty call"
_QUICK_ROUNDS = 3
_Name = TypeVar("_Name", bound=Hashable)


class Options(NamedTuple):
    """How thoroughly to measure.

    Attributes:
        rounds: the number of rounds; None lets each measurement choose.
        quick: whether to leave out slow measurements.
        device: the device to measure; see `benchmarks.devices`.
    """

    rounds: int | None = None
    quick: bool = False
    device: str = devices.DEFAULT


@dataclasses.dataclass
class Recorder:
    """Collects measurements, and notes about what could not be measured."""

    options: Options = dataclasses.field(default_factory=Options)
    tick: Callable[[float], None] = lambda fraction: None
    measurements: list[Measurement] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)
    failures: list[str] = dataclasses.field(default_factory=list)

    def add(
        self,
        benchmark: str,
        setup: Setup,
        contender: str,
        samples: Sequence[float],
        case: str = "",
        unit: str = SECONDS,
    ) -> None:
        """Adds one measurement."""
        key = Key(benchmark, case, setup.dtype, setup.shape, contender)
        self.measurements.append(Measurement(key, setup.axis, unit, summarize(samples)))

    def compare(
        self, benchmark: str, setup: Setup, turns: Mapping[str, Turn], case: str = ""
    ) -> None:
        """Times contenders in turn, and adds a measurement of each."""
        for contender, samples in self.rounds(turns).items():
            self.add(benchmark, setup, contender, samples, case)

    def rounds(
        self, turns: Mapping[_Name, Turn], rounds: int | None = None
    ) -> dict[_Name, list[float]]:
        """Takes the turns according to the options, and returns their samples.

        Args:
            turns: by contender.
            rounds: the number of rounds if the options set none; None chooses by a turn's time.
        """
        few = _QUICK_ROUNDS if self.options.quick else rounds
        return interleaved(turns, self.options.rounds or few, self.tick)

    def note(self, text: str) -> None:
        """Adds a sentence for the report, once."""
        if text not in self.notes:
            self.notes.append(text)


class Part(NamedTuple):
    """A part of a benchmark: its title in the progress bar, and the function to run."""

    title: str
    run: Callable[[Recorder], None]


class Benchmark(NamedTuple):
    """A benchmark that `--only` can select.

    Attributes:
        name: one word.
        description: a sentence or two for the report.
        parts: what it runs.
        statistic: the statistic that the report shows: a field of `Summary`.
        base: the contender whose time is the unit in the report.
        cpu_only: whether it applies only to CPUs.
    """

    name: str
    description: str
    parts: Callable[[Options], list[Part]]
    statistic: str = "median"
    base: str = OURS
    cpu_only: bool = False


class Target(NamedTuple):
    """A bound for a measurement, or for the ratio of two.

    Attributes:
        key: what is measured.
        bound: the smallest or largest value allowed.
        over: what it is divided by, or None.
        at_least: whether `bound` is a minimum; otherwise it is a maximum.
        statistic: the statistic that is compared: a field of `Summary`.
        any_device: whether it applies to every device; otherwise only to CPUs.
    """

    key: Key
    bound: float
    over: Key | None = None
    at_least: bool = True
    statistic: str = "median"
    any_device: bool = False


class Suite(NamedTuple):
    """Benchmarks that are run and reported together.

    Attributes:
        command: how to run it, after `python -m`.
        stem: the name of its files.
        title: the report's title.
        benchmarks: the benchmarks, in the order in which they run.
        targets: the targets of all benchmarks.
        takes_device: whether it has the option `--device`.
    """

    command: str
    stem: str
    title: str
    benchmarks: tuple[Benchmark, ...]
    targets: tuple[Target, ...]
    takes_device: bool = False
