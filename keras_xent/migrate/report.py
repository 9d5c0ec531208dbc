"""The report for people: a diff, what was found, and a summary."""

from __future__ import annotations

import contextlib
import difflib
from typing import Callable, Iterator, List, Tuple

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.segment import Segment, Segments
from rich.table import Table

from keras_xent.migrate.finding import Action
from keras_xent.migrate.job import FileReport
from keras_xent.migrate.json_report import summary
from keras_xent.migrate.lines import Lines
from keras_xent.migrate.registry import all_rules
from keras_xent.migrate.runner import MANY_FILES, Run

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def show(run: Run, console: Console, written: bool) -> None:
    """Print the report.

    Args:
        run: What came of all files.
        console: Where to.
        written: Whether the files were written: their diff is in version control then.
    """
    for report in run.reports:
        if report.changed and not written:
            _show_diff(report, console)
    for report in run.reports:
        _show_findings(report, console)
    _show_summary(run, console, written)


def show_rules(console: Console) -> None:
    """Print every rule."""
    table = Table(box=None, pad_edge=False)
    table.add_column("code")
    table.add_column("what")
    table.add_column("about")
    for rule in all_rules():
        table.add_row(rule.code, "ports" if rule.code < "KX1" else "flags", rule.summary)
    console.print(table)


@contextlib.contextmanager
def progress_bar(total: int) -> Iterator[Callable[[], None]]:
    """A bar on standard error, where there is a terminal and much to do."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    shown = console.is_terminal and total >= MANY_FILES
    with Progress(*columns, console=console, disable=not shown, transient=True) as progress:
        task = progress.add_task("Porting", total=total)
        yield lambda: progress.advance(task)


def _show_diff(report: FileReport, console: Console) -> None:
    name = report.path.lstrip("/")
    old, new = _lines(report.old), _lines(report.new)
    for number, line in enumerate(
        difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm="")
    ):
        _print(console, (line, "bold" if number < 2 else _STYLES.get(line[:1], "")))
    _print(console)


def _lines(text: str) -> List[str]:
    return [line.rstrip("\r\n") for line in Lines(text).lines]


def _show_findings(report: FileReport, console: Console) -> None:
    if report.error is not None:
        _print(console, (f"{report.path}: ", ""), ("error", "bold red"), (f" {report.error}", ""))
    for finding in report.findings:
        _print(
            console,
            (f"{report.path}:{finding.line}:{finding.column}: ", ""),
            (finding.rule, "green" if finding.action is Action.PORTED else "bold yellow"),
            (f" {finding.action.value}: {finding.message}", ""),
        )


def _show_summary(run: Run, console: Console, written: bool) -> None:
    counts = summary(run)
    if any(report.findings or report.error for report in run.reports):
        _print(console)
    verb = "rewritten" if written else "would change"
    _print(
        console,
        (
            f"{counts['files']} files looked at: {counts['changed']} {verb}, {counts['errors']} "
            f"could not be ported; {counts['ported']} places ported, {counts['flagged']} for you "
            "to look at",
            "",
        ),
    )
    if counts["changed"] and not written:
        _print(console, ("Nothing was written; --write does it.", ""))


def _print(console: Console, *parts: Tuple[str, str]) -> None:
    """Print one line of texts, each with its style."""
    # As segments, which rich prints as they are: no markup, no line broken, no tab made spaces.
    segments = [Segment(text, console.get_style(style)) for text, style in parts]
    console.print(Segments([*segments, Segment.line()]), soft_wrap=True)
