"""`keras-xent doctor`: the order of the checks, and the output.

Modules that import TensorFlow are imported only after a check that TensorFlow works, because the
doctor must run even if it doesn't.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import textwrap
from typing import Sequence

from keras_xent_cli.doctor.checks import Finding, Status, check_installation, has_problem

# The styles of the status column.
_STYLES = {"ok": "green", "note": "yellow", "PROBLEM": "bold red"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command; it has no options."""
    parser.description = (
        "Checks this installation of keras_xent: versions, which backend runs and why, and a "
        "self-test that compares values and gradients with TensorFlow's, on one device of each "
        "kind, with and without XLA. Prints what to do about each problem. The exit code is 1 if "
        "there is one."
    )


def run(args: argparse.Namespace) -> int:
    """Check everything, and print the results and what to do.

    Args:
        args: not used.

    Returns:
        0 if everything works, 1 if there is a problem.
    """
    findings = check_installation()
    _show("Installation", findings)
    if has_problem(findings):
        print("Skipped the self-test and all other checks that need a working installation.\n")
    else:
        findings = [*findings, *_selftest()]
    columns = shutil.get_terminal_size().columns
    for line in advice(findings):
        # Users copy commands from here, so don't break words.
        print(textwrap.fill(line, columns, break_long_words=False, break_on_hyphens=False))
    return 1 if has_problem(findings) else 0


def advice(findings: Sequence[Finding]) -> list[str]:
    """What to do about each finding that isn't OK, and one sentence as a summary."""
    lines = [
        f"{finding.status.value}: {finding.subject}: {finding.advice}"
        for finding in findings
        if finding.status is not Status.OK
    ]
    problems = sum(finding.status is Status.PROBLEM for finding in findings)
    if problems:
        return [*lines, f"Found {problems} problem{'s' if problems > 1 else ''}."]
    return [*lines, "Everything works."]


def _selftest() -> list[Finding]:
    from keras_xent_cli.doctor import places, selftest

    found, others = places.find_places()
    tested = []
    for place in found:
        cases = [case for case in selftest.all_cases() if case.in_function or not place.compiled]
        outcomes = [selftest.run_case(case, place) for case in cases]
        print_table(
            f"Self-test against TensorFlow (relative errors): {place.device}, {place.path}",
            ["case", "mode", "status", "value", "gradient", "allowed"],
            [outcome.cells() for outcome in outcomes],
        )
        errors = [f"{outcome.title}: {outcome.error}" for outcome in outcomes if outcome.error]
        if errors:
            print("\n".join(errors), end="\n\n")
        tested.append(selftest.judge(place, outcomes))
    findings = [*tested, *others]
    _show("Devices", findings)
    return findings


def _show(title: str, findings: Sequence[Finding]) -> None:
    rows = [[finding.subject, finding.status.value, finding.found] for finding in findings]
    print_table(title, ["", "status", "found"], rows)


def print_table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, with rich if it is installed, otherwise as aligned text."""
    if importlib.util.find_spec("rich") is None:
        cells = [headings, *rows]
        widths = [max(map(len, column)) for column in zip(*cells)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
        print("\n".join([title, "-" * len(title), *lines]), end="\n\n")
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        # Text, because square brackets in a message aren't markup.
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    console = Console()
    console.print(Text(title, style="bold"))
    console.print(table)
    print()
