"""The report for people."""

from __future__ import annotations

import io
from typing import List, Optional

import pytest
from rich.console import Console

from keras_xent.migrate import report
from keras_xent.migrate.finding import Action, Finding
from keras_xent.migrate.job import FileReport
from keras_xent.migrate.registry import all_rules
from keras_xent.migrate.runner import MANY_FILES, Run

PORTED = Finding(2, 5, "KX001", Action.PORTED, "a is [bold]b[/bold]")
FLAGGED = Finding(3, 1, "KX103", Action.FLAGGED, "look :smile:")


def shown(*reports: FileReport, written: bool = False, color: Optional[str] = None) -> str:
    output = io.StringIO()
    terminal = {"force_terminal": True, "color_system": color} if color else {}
    console = Console(file=output, width=40, **terminal)  # type: ignore[arg-type]
    report.show(Run(7, reports), console, written)
    return output.getvalue()


def diff(old: str, new: str) -> List[str]:
    return shown(FileReport("a.py", old, new)).split("\n\n")[0].split("\n")


def test_all_of_it() -> None:
    changed = FileReport("/x/a.py", "a\nb\n", "a\nc\n", (PORTED, FLAGGED))
    broken = FileReport("b.py", error="it is [red]read-only[/red]")
    assert shown(changed, broken) == (
        "--- a/x/a.py\n+++ b/x/a.py\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n\n"
        "/x/a.py:2:5: KX001 ported: a is [bold]b[/bold]\n"
        "/x/a.py:3:1: KX103 flagged: look :smile:\n"
        "b.py: error it is [red]read-only[/red]\n\n"
        "7 files looked at: 1 would change, 1 could not be ported; 1 places ported, 1 for you to "
        "look at\n"
        "Nothing was written; --write does it.\n"
    )


def test_what_was_written_has_no_diff() -> None:
    printed = shown(FileReport("a.py", "a\n", "b\n", (PORTED,)), written=True)
    assert "@@" not in printed
    assert "1 rewritten" in printed
    assert "Nothing was written" not in printed


def test_nothing_to_report() -> None:
    assert shown().startswith("7 files looked at: 0 would change")


@pytest.mark.parametrize(
    "line",
    [
        "x = y[bold]z[/bold]",
        "x[/] = :smile:",
        "\tx = 'a\tb'",
        "x = 1  \t ",
        "x = '" + "long " * 1000 + "'",
        "x = 'é😀字\u2028\x0c\x85'",
        "\\[bold]",
        "-- x",
    ],
)
def test_lines_are_printed_as_they_are(line: str) -> None:
    assert diff("", f"{line}\n")[3:] == [f"+{line}"]
    assert diff(f"{line}\n", "")[3:] == [f"-{line}"]
    assert diff(f"{line}\nx\n", f"{line}\ny\n")[3:] == [f" {line}", "-x", "+y"]


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_line_endings_are_not_printed(ending: str) -> None:
    assert diff(f"a{ending}b{ending}", f"a{ending}c{ending}")[3:] == [" a", "-b", "+c"]


def test_colours() -> None:
    printed = shown(FileReport("a.py", "a\n", "b\n", (PORTED, FLAGGED)), color="standard")
    assert "\x1b[1m--- a/a.py\x1b[0m\n" in printed
    assert "\x1b[31m-a\x1b[0m\n" in printed
    assert "\x1b[32m+b\x1b[0m\n" in printed
    assert "\x1b[32mKX001\x1b[0m" in printed
    assert "\x1b[1;33mKX103\x1b[0m" in printed


def test_removed_lines_that_look_like_a_header_have_the_colour_of_removed_lines() -> None:
    printed = shown(FileReport("a.py", "-- x\n", ""), color="standard")
    assert "\x1b[31m--- x\x1b[0m\n" in printed


def test_every_rule_is_shown() -> None:
    output = io.StringIO()
    report.show_rules(Console(file=output, width=200))
    lines = output.getvalue().splitlines()[1:]
    assert [line.split()[:2] for line in lines] == [
        [rule.code, "ports" if rule.code < "KX1" else "flags"] for rule in all_rules()
    ]


def progress(total: int, terminal: bool, monkeypatch: pytest.MonkeyPatch) -> str:
    output = io.StringIO()

    def console(stderr: bool) -> Console:
        assert stderr
        return Console(file=output, force_terminal=terminal, width=80)

    monkeypatch.setattr(report, "Console", console)
    with report.progress_bar(total) as step:
        for _ in range(total):
            step()
    return output.getvalue()


def test_a_progress_bar_on_a_terminal_with_much_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = progress(MANY_FILES, True, monkeypatch)
    assert "Porting" in printed
    assert f"{MANY_FILES}/{MANY_FILES}" in printed


@pytest.mark.parametrize(("total", "terminal"), [(MANY_FILES - 1, True), (MANY_FILES, False)])
def test_no_progress_bar_otherwise(
    total: int, terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert progress(total, terminal, monkeypatch).strip() == ""
