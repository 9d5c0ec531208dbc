"""The report for people."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from keras_xent_cli.migrate.finding import Action, Finding
from keras_xent_cli.migrate.registry import all_rules
from keras_xent_cli.migrate.running import report
from keras_xent_cli.migrate.running.job import FileReport
from keras_xent_cli.migrate.running.runner import MANY_FILES, Run

PORTED = Finding(2, 5, "KX001", Action.PORTED, "a is [bold]b[/bold]")
FLAGGED = Finding(3, 1, "KX103", Action.FLAGGED, "look :smile:")


def shown(*reports: FileReport, written: bool = False, color: str | None = None) -> str:
    output = io.StringIO()
    terminal = {"force_terminal": True, "color_system": color} if color else {}
    console = Console(file=output, width=40, **terminal)  # type: ignore[arg-type]
    report.show(Run(7, reports), console, written)
    return output.getvalue()


def diff(old: str, new: str) -> list[str]:
    return shown(FileReport("a.py", old, new)).split("\n\n")[0].split("\n")


def test_all_of_it() -> None:
    changed = FileReport("/x/a.py", "a\nb\n", "a\nc\n", (PORTED, FLAGGED))
    broken = FileReport("b.py", error="it is [red]read-only[/red]")
    assert shown(changed, broken) == (
        "--- a/x/a.py\n+++ b/x/a.py\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n\n"
        "b.py: error: it is [red]read-only[/red]\n"
        "/x/a.py:3:1: KX103 flagged: look :smile:\n\n"
        "7 files checked: 1 would change, 1 could not be ported; 1 place ported, 1 flagged\n"
        "To do:\n"
        "     1  KX103  a loss whose result is ignored\n"
        "Nothing was written. Use --write to change the files.\n"
    )


def test_mistakes_come_first_and_are_counted_apart() -> None:
    defect = Finding(9, 1, "KX102", Action.FLAGGED, "twice")
    noted = Finding(2, 1, "KX112", Action.NOTED, "know")
    left = Finding(5, 1, "KX005", Action.FLAGGED, "passed as an argument")
    reports = [
        FileReport("a.py", "a", "a", (FLAGGED, left)),
        FileReport("b.py", "a", "a", (noted, FLAGGED, defect)),
    ]
    assert shown(*reports) == (
        "b.py:9:1: KX102 flagged: twice\n"
        "a.py:3:1: KX103 flagged: look :smile:\n"
        "a.py:5:1: KX005 flagged: passed as an argument\n"
        "b.py:3:1: KX103 flagged: look :smile:\n"
        "b.py:2:1: KX112 noted: know\n\n"
        "7 files checked: 0 would change, 0 could not be ported; 0 places ported, 4 flagged\n"
        "Probable mistakes in your program (the port keeps them):\n"
        "     1  KX102  the output of a softmax or a sigmoid as logits\n"
        "To do:\n"
        "     1  KX005  contrib's and slim's cross entropies, which expect the logits first\n"
        "     2  KX103  a loss whose result is ignored\n"
        "Notes (nothing to do):\n"
        "     1  KX112  loss collections and Estimators, once per file\n"
    )


def test_what_the_diff_does_not_show_is_said_once() -> None:
    notes = [
        Finding(line, 1, "KX001", Action.PORTED, f"a is b; {note}", note)
        for line, note in enumerate(["[one]", "two", *["[one]"] * 6], start=1)
    ]
    printed = shown(FileReport("a.py", "a", "a", (PORTED, *notes)))
    assert printed.startswith(
        "a.py:1, a.py:3, a.py:4, a.py:5, a.py:6 and 2 more places: KX001 ported: [one]\n"
        "a.py:2: KX001 ported: two\n\n"
    )
    assert PORTED.message not in printed


def test_what_was_written_has_no_diff() -> None:
    printed = shown(FileReport("a.py", "a\n", "b\n", (PORTED,)), written=True)
    assert "@@" not in printed
    assert "1 rewritten" in printed
    assert "Nothing was written" not in printed


def test_nothing_to_report() -> None:
    assert shown().startswith("7 files checked: 0 would change")


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
    note = Finding(2, 5, "KX001", Action.PORTED, "a is b; x", "x")
    printed = shown(FileReport("a.py", "a\n", "b\n", (note, FLAGGED)), color="standard")
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
