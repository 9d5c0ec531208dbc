"""What a benchmark is, and where its parts put what they measure."""

from __future__ import annotations

import dataclasses
from typing import (
    Callable,
    Hashable,
    Mapping,
    NamedTuple,
    Sequence,
    TypeVar,
)

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
        rounds: how many rounds; None lets each measurement choose.
        quick: whether to leave out what takes long.
        device: the one that is measured; see `benchmarks.devices`.
    """

    rounds: int | None = None
    quick: bool = False
    device: str = devices.DEFAULT


@dataclasses.dataclass
class Recorder:
    """Collects measurements, and notes of what could not be measured."""

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
        """Times contenders in turn and adds a measurement of each."""
        for contender, samples in self.rounds(turns).items():
            self.add(benchmark, setup, contender, samples, case)

    def rounds(
        self, turns: Mapping[_Name, Turn], rounds: int | None = None
    ) -> dict[_Name, list[float]]:
        """The samples of turns that are taken as the options say.

        Args:
            turns: by contender.
            rounds: how many where the options don't say; None chooses by a turn's time.
        """
        few = _QUICK_ROUNDS if self.options.quick else rounds
        return interleaved(turns, self.options.rounds or few, self.tick)

    def note(self, text: str) -> None:
        """Adds a sentence for the report, once."""
        if text not in self.notes:
            self.notes.append(text)


class Part(NamedTuple):
    """A piece of a benchmark: what the progress bar names, and what runs."""

    title: str
    run: Callable[[Recorder], None]


class Benchmark(NamedTuple):
    """Something to choose by `--only`.

    Attributes:
        name: one word.
        description: a sentence or two for the report.
        parts: what it runs.
        statistic: the one that the report shows: a field of `Summary`.
        base: the contender of whose times the report shows multiples.
        cpu_only: whether it says nothing of another device.
    """

    name: str
    description: str
    parts: Callable[[Options], list[Part]]
    statistic: str = "median"
    base: str = OURS
    cpu_only: bool = False


class Target(NamedTuple):
    """What a measurement, or the ratio of two, has to reach.

    Attributes:
        key: what is measured.
        bound: how large it has to be, or may be.
        over: what it is divided by, if anything.
        at_least: whether `bound` is the least; otherwise it is the most.
        statistic: the statistic that counts: a field of `Summary`.
        any_device: whether it holds on every device; otherwise on CPUs.
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
        benchmarks: in the order in which they run.
        targets: of all of them.
        figure: the name of the picture, if there is one.
        takes_device: whether there is an option for the device.
    """

    command: str
    stem: str
    title: str
    benchmarks: tuple[Benchmark, ...]
    targets: tuple[Target, ...]
    figure: str | None = None
    takes_device: bool = False
