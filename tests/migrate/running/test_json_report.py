"""The report for programs."""

from __future__ import annotations

import json

from keras_xent_cli.migrate.finding import Action, Finding
from keras_xent_cli.migrate.running.job import FileReport
from keras_xent_cli.migrate.running.json_report import by_rule, summary, to_json
from keras_xent_cli.migrate.running.runner import Run

PORTED = Finding(2, 5, "KX001", Action.PORTED, "a is b")
FLAGGED = Finding(3, 1, "KX103", Action.FLAGGED, "look: é\u2028\udcff")
NOTED = Finding(4, 2, "KX112", Action.NOTED, "know")
RUN = Run(
    9,
    [
        FileReport("a.py", "a", "b", (PORTED, FLAGGED)),
        FileReport("b.py", "a", "a"),
        FileReport("c\udcff.py", error="it is read-only"),
        FileReport("d.py", "a", "a", (FLAGGED, NOTED)),
    ],
)


def test_the_whole_report() -> None:
    flagged = {
        "line": 3,
        "column": 1,
        "rule": "KX103",
        "action": "flagged",
        "message": "look: é\u2028\udcff",
    }
    noted = {"line": 4, "column": 2, "rule": "KX112", "action": "noted", "message": "know"}
    ported = {"line": 2, "column": 5, "rule": "KX001", "action": "ported", "message": "a is b"}
    assert json.loads(to_json(RUN)) == {
        "files": [
            {"path": "a.py", "changed": True, "error": None, "findings": [ported, flagged]},
            {"path": "c\udcff.py", "changed": False, "error": "it is read-only", "findings": []},
            {"path": "d.py", "changed": False, "error": None, "findings": [flagged, noted]},
        ],
        "summary": {
            "files": 9,
            "changed": 1,
            "errors": 1,
            "ported": 1,
            "flagged": 2,
            "noted": 1,
            "flagged_by_rule": {"KX103": 2},
            "noted_by_rule": {"KX112": 1},
        },
    }


def test_mistakes_are_counted_first() -> None:
    codes = ["KX005", "KX103", "KX102", "KX001", "KX107", "KX102"]
    found = tuple(Finding(1, 1, code, Action.FLAGGED, "") for code in codes)
    run = Run(1, [FileReport("a.py", findings=(*found, PORTED, NOTED))])
    counts = by_rule(run, Action.FLAGGED)
    assert list(counts.items()) == [
        ("KX102", 2),
        ("KX107", 1),
        ("KX001", 1),
        ("KX005", 1),
        ("KX103", 1),
    ]


def test_it_can_be_printed_anywhere() -> None:
    assert to_json(RUN).isascii()


def test_nothing() -> None:
    assert json.loads(to_json(Run(0, []))) == {
        "files": [],
        "summary": {**summary(Run(0, [])), "flagged_by_rule": {}, "noted_by_rule": {}},
    }
    assert set(summary(Run(0, [])).values()) == {0}
