"""The CSV."""

from __future__ import annotations

import csv
import io

from benchmarks.measurement import Key, Measurement, as_csv, summarize


def test_a_row_for_each_measurement() -> None:
    key = Key("training", "one-hot labels, eager", "float32", (512, 32000), "v1")
    text = as_csv([Measurement(key, -1, "s", summarize([0.1, 0.2, 0.3, 0.4, 0.5]))])
    (row,) = csv.DictReader(io.StringIO(text))
    assert row == {
        "benchmark": "training",
        "case": "one-hot labels, eager",
        "dtype": "float32",
        "shape": "512x32000",
        "contender": "v1",
        "axis": "-1",
        "unit": "s",
        "minimum": "0.1",
        "lower_quartile": "0.2",
        "median": "0.3",
        "upper_quartile": "0.4",
        "maximum": "0.5",
        "rounds": "5",
    }
