"""The report for people: a diff, what was found, and a summary."""

from __future__ import annotations

import contextlib
import difflib
from typing import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from keras_xent.migrate.finding import Action, Finding
from keras_xent.migrate.job import FileReport
from keras_xent.migrate.json_report import summary
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
    for line in difflib.unified_diff(
        report.old.splitlines(), report.new.splitlines(), f"a/{name}", f"b/{name}", lineterm=""
    ):
        style = "bold" if line.startswith(("+++", "---")) else _STYLES.get(line[:1], "")
        _print(console, Text(line, style))
    console.print()


def _show_findings(report: FileReport, console: Console) -> None:
    if report.error is not None:
        _print(
            console, Text.assemble(f"{report.path}: ", ("error", "bold red"), f" {report.error}")
        )
    for finding in report.findings:
        _print(console, _line(report.path, finding))


def _line(path: str, finding: Finding) -> Text:
    ported = finding.action is Action.PORTED
    return Text.assemble(
        f"{path}:{finding.line}:{finding.column}: ",
        (finding.rule, "green" if ported else "bold yellow"),
        f" {finding.action.value}: {finding.message}",
    )


def _show_summary(run: Run, console: Console, written: bool) -> None:
    counts = summary(run)
    if any(report.findings or report.error for report in run.reports):
        console.print()
    verb = "rewritten" if written else "would change"
    _print(
        console,
        Text(
            f"{counts['files']} files looked at: {counts['changed']} {verb}, {counts['errors']} "
            f"could not be ported; {counts['ported']} places ported, {counts['flagged']} for you "
            "to look at"
        ),
    )
    if counts["changed"] and not written:
        _print(console, Text("Nothing was written; --write does it."))


def _print(console: Console, text: Text) -> None:
    # One line each, however long: what is piped on must not be broken.
    console.print(text, soft_wrap=True, highlight=False)
