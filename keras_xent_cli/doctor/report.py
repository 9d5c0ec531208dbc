"""What the doctor says."""

from __future__ import annotations

import shutil
import textwrap
from typing import TYPE_CHECKING, Sequence

from keras_xent_cli.doctor.finding import Finding, Status
from keras_xent_cli.doctor.outcome import Outcome
from keras_xent_cli.doctor.tables import print_table

if TYPE_CHECKING:
    from keras_xent_cli.doctor.places import Place


def show_findings(title: str, findings: Sequence[Finding]) -> None:
    """Print what was looked at."""
    print_table(
        title,
        ["", "status", "found"],
        [[finding.subject, finding.status.value, finding.found] for finding in findings],
    )


def show_selftest(place: Place, outcomes: Sequence[Outcome]) -> None:
    """Print the self-test at one place, case by case."""
    print_table(
        f"Self-test against TensorFlow (relative errors): {place.device}, {place.path}",
        ["case", "mode", "status", "value", "gradient", "allowed"],
        [_cells(outcome) for outcome in outcomes],
    )
    errors = [f"{outcome.title}: {outcome.error}" for outcome in outcomes if outcome.error]
    if errors:
        print("\n".join(errors), end="\n\n")


def show_advice(findings: Sequence[Finding]) -> None:
    """Print what to do, and one sentence to sum up."""
    columns = shutil.get_terminal_size().columns
    for line in advice(findings):
        # Commands are there to be copied: their words stay whole.
        print(textwrap.fill(line, columns, break_long_words=False, break_on_hyphens=False))


def advice(findings: Sequence[Finding]) -> list[str]:
    """What to do about each finding that is not OK, and one sentence to sum up."""
    lines = [
        f"{finding.status.value}: {finding.subject}: {finding.advice}"
        for finding in findings
        if finding.status is not Status.OK
    ]
    problems = sum(finding.status is Status.PROBLEM for finding in findings)
    if problems:
        return [*lines, f"Found {problems} problem{'s' if problems > 1 else ''}."]
    return [*lines, "Everything works."]


def _cells(outcome: Outcome) -> list[str]:
    return [
        outcome.title,
        outcome.mode,
        outcome.status.value,
        "-" if outcome.error else f"{outcome.value_error:.1e}",
        "-" if outcome.error else f"{outcome.gradient_error:.1e}",
        f"{outcome.tolerance:.1e}",
    ]
