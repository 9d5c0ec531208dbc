"""Tables in the terminal: drawn by rich if it is installed, plain aligned text if not.

The doctor has to run where only TensorFlow and NumPy are installed.
"""

from __future__ import annotations

import importlib.util
from typing import Sequence

Rows = Sequence[Sequence[str]]

# How the words of a status column look.
STYLES = {"ok": "green", "note": "yellow", "PROBLEM": "bold red"}


def print_table(title: str, headings: Sequence[str], rows: Rows) -> None:
    """Print a table to standard output, by rich if it is installed."""
    if importlib.util.find_spec("rich") is None:
        print("\n".join(plain_table(title, headings, rows)))
    else:
        _print_rich_table(title, headings, rows)
    print()


def plain_table(title: str, headings: Sequence[str], rows: Rows) -> list[str]:
    """The lines of a table in plain text, columns aligned, the last one as wide as it needs."""
    cells = [list(headings), *map(list, rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(headings))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
    return [title, "-" * len(title), *lines]


def _print_rich_table(title: str, headings: Sequence[str], rows: Rows) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        # Text, because square brackets in a message are not rich's markup.
        table.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    console = Console()
    console.print(Text(title, style="bold"))
    console.print(table)
