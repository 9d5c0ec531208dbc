"""What the demo says at its end."""

from __future__ import annotations

import io

from rich.console import Console

from keras_xent_cli.demo import report
from keras_xent_cli.demo.comparison import Comparison, Row


def comparison(ours_difference: float) -> Comparison:
    return Comparison(
        tf1=Row("TF1", 2.3456, [2.3, 0.5432], 0.9512, [0.0, 0.0], 0.0012),
        naive=Row("naive port", 1.5678, [2.3, 0.8765], 0.8499, [0.0, 0.123], 0.0034),
        ours=Row("keras_xent", 2.3456, [2.3, 0.5432], 0.9512, [0.0, ours_difference], 0.0056),
    )


def printed(ours_difference: float) -> str:
    stream = io.StringIO()
    report.show(comparison(ours_difference), Console(file=stream, width=80))
    return stream.getvalue()


def cells(text: str, name: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(f"│ {name}"))
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_the_numbers_are_in_the_table() -> None:
    text = printed(3e-7)
    assert cells(text, "TF1") == ["TF1", "2.3456", "0.5432", "95.1%", "-", "1.2 ms"]
    assert cells(text, "naive") == ["naive port", "1.5678", "0.8765", "85.0%", "1.2e-01", "3.4 ms"]
    assert cells(text, "keras_xent")[4] == "3.0e-07"


def test_it_fits_a_terminal_of_80_columns() -> None:
    assert max(map(len, printed(3e-7).splitlines())) <= 80


def test_times_are_not_sold_as_a_benchmark() -> None:
    assert "not a benchmark" in " ".join(printed(3e-7).split())


def test_conclusion_of_success() -> None:
    first, second, third = report.conclusion(comparison(3e-7))
    assert "2.3456" in first
    assert "1.5678" in first
    assert "up to 0.12 away" in second
    assert "more than 3e-07 away" in third
    assert 'reduction="sum_by_nonzero_weights"' in third
    assert "FAILED" not in third


def test_conclusion_of_failure() -> None:
    last = report.conclusion(comparison(0.02))[-1]
    assert last.startswith("FAILED")
    assert "0.02 away" in last
    assert "keras-xent doctor" in last


def test_conclusion_of_not_a_number() -> None:
    assert "nan away" in report.conclusion(comparison(float("nan")))[-1]
