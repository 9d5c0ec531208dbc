"""What the doctor says."""

from __future__ import annotations

import pytest

from keras_xent_cli.doctor import report
from keras_xent_cli.doctor.finding import Finding, Status
from keras_xent_cli.doctor.outcome import Outcome
from keras_xent_cli.doctor.places import Place

OK = Finding("NumPy", "1.26")
NOTE = Finding("backend", "portable", Status.NOTE, "Install a compiler.")
PROBLEM = Finding("TensorFlow", "2.9", Status.PROBLEM, "Upgrade it.")


def test_everything_works() -> None:
    assert report.advice([OK, OK]) == ["Everything works."]


def test_a_note_is_no_problem() -> None:
    assert report.advice([OK, NOTE]) == [
        "note: backend: Install a compiler.",
        "Everything works.",
    ]


def test_problems_are_counted() -> None:
    assert report.advice([PROBLEM, NOTE]) == [
        "PROBLEM: TensorFlow: Upgrade it.",
        "note: backend: Install a compiler.",
        "Found 1 problem.",
    ]
    assert report.advice([PROBLEM, PROBLEM])[-1] == "Found 2 problems."


def test_findings(capsys: pytest.CaptureFixture[str]) -> None:
    report.show_findings("Installation", [OK, PROBLEM])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["NumPy", "ok", "1.26"] in lines
    assert ["TensorFlow", "PROBLEM", "2.9"] in lines


def test_selftest(capsys: pytest.CaptureFixture[str]) -> None:
    report.show_selftest(
        Place("GPU:0", "TensorFlow's own ops"),
        [
            Outcome("good", 1e-5, value_error=2e-6, gradient_error=3e-6),
            Outcome("bad", 1e-5, mode="function", value_error=2e-3, gradient_error=3e-6),
            Outcome("broken", 1e-5, error="RuntimeError: gone"),
        ]
    )
    printed = capsys.readouterr().out
    lines = [line.split() for line in printed.splitlines()]
    assert ["good", "eager", "ok", "2.0e-06", "3.0e-06", "1.0e-05"] in lines
    assert ["bad", "function", "PROBLEM", "2.0e-03", "3.0e-06", "1.0e-05"] in lines
    assert ["broken", "eager", "PROBLEM", "-", "-", "1.0e-05"] in lines
    assert "broken: RuntimeError: gone\n" in printed
    assert "GPU:0, TensorFlow's own ops" in printed


def test_advice_keeps_words_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    report.show_advice([Finding("x", "y", Status.NOTE, "pip install keras_xent-nightly-build")])
    assert capsys.readouterr().out.splitlines() == [
        "note: x: pip install",
        "keras_xent-nightly-build",
        "Everything works.",
    ]
