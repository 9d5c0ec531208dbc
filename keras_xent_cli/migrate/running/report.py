"""The report for people: a diff, the findings, and a summary."""

from __future__ import annotations

import collections
import contextlib
import difflib
from typing import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.segment import Segment, Segments
from rich.table import Table

from keras_xent_cli.migrate.finding import Action
from keras_xent_cli.migrate.registry import all_rules
from keras_xent_cli.migrate.running.job import FileReport
from keras_xent_cli.migrate.running.json_report import by_rule, summary
from keras_xent_cli.migrate.running.runner import MANY_FILES, Run
from keras_xent_cli.migrate.source.lines import Lines

_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_MOST_PLACES = 5


def show(run: Run, console: Console, written: bool) -> None:
    """Print the report.

    Args:
        run: the results for all files.
        console: where to print.
        written: whether the files were written. Then version control shows the diff.
    """
    for report in run.reports:
        if report.changed and not written:
            _show_diff(report, console)
    for report in run.reports:
        if report.error is not None:
            _print(
                console, (f"{report.path}: ", ""), ("error", "bold red"), (f": {report.error}", "")
            )
    _show_notes(run, console)
    defects = {rule.code for rule in all_rules() if rule.is_defect}
    others = {rule.code for rule in all_rules()} - defects
    _show_named(run, console, Action.FLAGGED, defects)
    _show_named(run, console, Action.FLAGGED, others)
    _show_named(run, console, Action.NOTED, others)
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
    """A bar on standard error, if it is a terminal and there are many files."""
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


def _lines(text: str) -> list[str]:
    return [line.rstrip("\r\n") for line in Lines(text).lines]


def _show_notes(run: Run, console: Console) -> None:
    """What the diff of a port doesn't show: each note once, with its places."""
    places: dict[tuple[str, str], list[str]] = collections.defaultdict(list)
    for report in run.reports:
        for finding in report.findings:
            if finding.action is Action.PORTED and finding.note:
                place = f"{report.path}:{finding.line}"
                places[finding.rule, finding.note].append(place)
    for (rule, note), found in places.items():
        shown = ", ".join(found[:_MOST_PLACES])
        more = len(found) - _MOST_PLACES
        rest = f" and {_count(more, 'more place')}" if more > 0 else ""
        _print(console, (f"{shown}{rest}: ", ""), (rule, "green"), (f" ported: {note}", ""))


def _show_named(run: Run, console: Console, action: Action, rules: set[str]) -> None:
    style = "bold yellow" if action is Action.FLAGGED else "cyan"
    for report in run.reports:
        for finding in report.findings:
            if finding.action is action and finding.rule in rules:
                _print(
                    console,
                    (f"{report.path}:{finding.line}:{finding.column}: ", ""),
                    (finding.rule, style),
                    (f" {action.value}: {finding.message}", ""),
                )


def _show_summary(run: Run, console: Console, written: bool) -> None:
    counts = summary(run)
    flagged, noted = by_rule(run, Action.FLAGGED), by_rule(run, Action.NOTED)
    if flagged or noted or counts["ported"] or counts["errors"]:
        _print(console)
    verb = "rewritten" if written else "would change"
    _print(
        console,
        (
            f"{_count(counts['files'], 'file')} checked: {counts['changed']} {verb}, "
            f"{counts['errors']} could not be ported; {_count(counts['ported'], 'place')} ported, "
            f"{counts['flagged']} flagged",
            "",
        ),
    )
    defects = {rule.code for rule in all_rules() if rule.is_defect}
    mistakes = {code: count for code, count in flagged.items() if code in defects}
    chores = {code: count for code, count in flagged.items() if code not in defects}
    _show_counts(console, "Probable mistakes in your program (the port keeps them):", mistakes)
    _show_counts(console, "To do:", chores)
    _show_counts(console, "Notes (nothing to do):", noted)
    if counts["changed"] and not written:
        _print(console, ("Nothing was written. Use --write to change the files.", ""))


def _show_counts(console: Console, title: str, counts: dict[str, int]) -> None:
    summaries = {rule.code: rule.summary for rule in all_rules()}
    if counts:
        _print(console, (title, "bold"))
    for code, count in counts.items():
        _print(console, (f"{count:6}  {code}  {summaries[code]}", ""))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _print(console: Console, *parts: tuple[str, str]) -> None:
    """Print one line of texts, each with its style."""
    # As segments, so rich interprets no markup, breaks no lines and keeps tabs.
    segments = [Segment(text, console.get_style(style)) for text, style in parts]
    console.print(Segments([*segments, Segment.line()]), soft_wrap=True)
