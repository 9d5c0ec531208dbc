"""What the project's README quotes is what the committed run measured."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Dict

from benchmarks.cli import RESULTS

README = Path(__file__).parents[2] / "README.md"
COLUMNS = ["v1", "Keras", "keras_xent under XLA", "v1 under XLA", "PyTorch", "optax", "AddV2"]


def medians() -> Dict[str, Dict[str, float]]:
    """Seconds of a training step with one-hot labels, by shape and contender."""
    found: Dict[str, Dict[str, float]] = {}
    with (RESULTS / "results.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if (row["benchmark"], row["case"]) == ("training", "one-hot labels"):
                found.setdefault(row["shape"], {})[row["contender"]] = float(row["median"])
    return found


def test_the_readmes_table() -> None:
    rows = re.findall(r"^\| \((\d+), (\d+)\) \| (.+) \|$", README.read_text("utf-8"), re.MULTILINE)
    expected = medians()
    assert {f"{n}x{classes}" for n, classes, _ in rows} == set(expected)
    for n, classes, cells in rows:
        seconds = expected[f"{n}x{classes}"]
        ours, *others = cells.split(" | ")
        assert ours == f"{1000 * seconds['keras_xent']:.3g} ms"
        assert others == [f"{seconds[name] / seconds['keras_xent']:.1f} ×" for name in COLUMNS]
