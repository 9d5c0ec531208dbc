"""What the project's README quotes is what the committed run measured."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from benchmarks.cli import RESULTS

README = Path(__file__).parents[2] / "README.md"
COLUMNS = ["v1", "Keras", "keras_xent under XLA", "v1 under XLA", "PyTorch", "optax"]


def medians(name: str, benchmark: str, case: str) -> dict[str, dict[str, float]]:
    """Seconds by shape and contender."""
    found: dict[str, dict[str, float]] = {}
    with (RESULTS / f"{name}.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if (row["benchmark"], row["case"]) == (benchmark, case):
                found.setdefault(row["shape"], {})[row["contender"]] = float(row["median"])
    return found


def check_rows(loss: str, expected: dict[str, dict[str, float]]) -> None:
    """Compare the README's rows of a loss with what was measured."""
    rows = re.findall(
        rf"^\| {loss} \| \((\d+), (\d+)\) \| (.+) \|$", README.read_text("utf-8"), re.MULTILINE
    )
    assert rows
    for n, classes, cells in rows:
        seconds = expected[f"{n}x{classes}"]
        ours, *others = cells.split(" | ")
        assert ours == f"{1000 * seconds['keras_xent']:.3g} ms"
        assert others == [f"{seconds[name] / seconds['keras_xent']:.1f} ×" for name in COLUMNS]


def test_the_readmes_table() -> None:
    check_rows("softmax", medians("results", "training", "one-hot labels"))
    for loss in ("sparse", "sigmoid"):
        check_rows(loss, medians("family", "family", f"{loss}, training"))
