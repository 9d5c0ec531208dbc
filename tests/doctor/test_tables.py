"""Tables, with rich and without."""

from __future__ import annotations

import sys

import pytest

from keras_xent_cli.doctor.tables import plain_table, print_table

HEADINGS = ["case", "status", "found"]
ROWS = [["first", "ok", "[7]"], ["the second", "PROBLEM", "nothing"]]
PLAIN = """\
Title
-----
case        status   found
first       ok       [7]
the second  PROBLEM  nothing
"""


def test_plain() -> None:
    assert plain_table("Title", HEADINGS, ROWS) == PLAIN.splitlines()


def test_plain_without_rows() -> None:
    assert plain_table("Title", HEADINGS, []) == ["Title", "-----", "case  status  found"]


def test_without_rich(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "rich", None)
    print_table("Title", HEADINGS, ROWS)
    assert capsys.readouterr().out == PLAIN + "\n"


def test_with_rich(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Title", HEADINGS, ROWS)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].strip() == "Title"
    assert [line.split() for line in lines[3:5]] == [
        ["first", "ok", "[7]"],
        ["the", "second", "PROBLEM", "nothing"],
    ]
