"""The results as CSV: a row for each measurement."""

from __future__ import annotations

import csv
import io
from typing import Iterable

from benchmarks.measurement import Key, Measurement, Summary

COLUMNS = (*Key._fields, "axis", "unit", *Summary._fields)


def as_csv(measurements: Iterable[Measurement]) -> str:
    """The whole file. Times are in seconds."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in measurements:
        key = row.key._replace(shape="x".join(map(str, row.key.shape)))  # type: ignore[arg-type]
        numbers = [f"{value:.6g}" for value in row.summary[:-1]]
        writer.writerow([*key, row.axis, row.unit, *numbers, row.summary.rounds])
    return file.getvalue()
