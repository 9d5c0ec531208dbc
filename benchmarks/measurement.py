"""One measurement, the five-number summary of its samples, and all measurements as CSV."""

from __future__ import annotations

import csv
import dataclasses
import io
from typing import Iterable, NamedTuple, Sequence

import numpy as np

from benchmarks.setups import Shape


class Key(NamedTuple):
    """What was measured.

    Attributes:
        benchmark: the benchmark's name.
        case: which of the benchmark's cases; may be empty.
        dtype: the logits' dtype.
        shape: the logits' shape.
        contender: the contender.
    """

    benchmark: str
    case: str
    dtype: str
    shape: Shape
    contender: str


class Summary(NamedTuple):
    """The five-number summary of the samples, and their number."""

    minimum: float
    lower_quartile: float
    median: float
    upper_quartile: float
    maximum: float
    rounds: int


@dataclasses.dataclass(frozen=True)
class Measurement:
    """A row of the results."""

    key: Key
    axis: int
    unit: str
    summary: Summary


def summarize(samples: Sequence[float]) -> Summary:
    """The summary of at least one sample.

    Example:
        >>> summarize([1.0, 2.0, 3.0, 4.0, 100.0])
        Summary(minimum=1.0, lower_quartile=2.0, median=3.0, upper_quartile=4.0, maximum=100.0, rounds=5)
    """  # noqa: E501
    least, lower, median, upper, most = map(float, np.percentile(samples, [0, 25, 50, 75, 100]))
    return Summary(least, lower, median, upper, most, len(samples))


def as_csv(measurements: Iterable[Measurement]) -> str:
    """A row for each measurement. Times are in seconds."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*Key._fields, "axis", "unit", *Summary._fields])
    for row in measurements:
        key = row.key._replace(shape="x".join(map(str, row.key.shape)))  # type: ignore[arg-type]
        numbers = [f"{value:.6g}" for value in row.summary[:-1]]
        writer.writerow([*key, row.axis, row.unit, *numbers, row.summary.rounds])
    return file.getvalue()
