"""The doctor's order of things, what it prints, and its exit codes."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import pytest

import keras_xent
from keras_xent_cli.doctor import checks, command, places, selftest
from keras_xent_cli.doctor.checks import Finding, Status

OK = Finding("NumPy", "1.26")
NOTE = Finding("backend", "portable", Status.NOTE, "Install a compiler.")
PROBLEM = Finding("Keras backend", "jax", Status.PROBLEM, "Set KERAS_BACKEND=tensorflow.")
HEADINGS = ["case", "status", "found"]
ROWS = [["first", "ok", "[7]"], ["the second", "PROBLEM", "nothing"]]


@pytest.fixture
def few_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole self-test is in `test_selftest.py`."""
    cases = selftest.all_cases
    monkeypatch.setattr(selftest, "all_cases", lambda: cases()[:2])


def run() -> int:
    return command.run(argparse.Namespace())


@pytest.mark.usefixtures("few_cases")
def test_a_sound_installation_with_a_note(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checks, "check_backend", lambda: [NOTE])
    assert run() == 0
    printed = capsys.readouterr().out
    assert "Self-test against TensorFlow (relative errors): CPU:0, " in printed
    lines = printed.splitlines()
    for device in ("self-test, CPU:0 ", "self-test, CPU:0, XLA "):
        (line,) = [line for line in lines if line.startswith(device)]
        assert "cases agree with TensorFlow" in line
    assert printed.endswith("note: backend: Install a compiler.\nEverything works.\n")
    assert "PROBLEM" not in printed


def test_a_problem_ends_the_search(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checks, "check_keras", lambda: [PROBLEM])
    monkeypatch.setattr(checks, "check_backend", lambda: pytest.fail("must not be called"))
    assert run() == 1
    printed = capsys.readouterr().out
    assert "Self-test against TensorFlow" not in printed
    assert "PROBLEM: Keras backend: Set KERAS_BACKEND=tensorflow." in printed
    assert printed.endswith("Found 1 problem.\n")


@pytest.mark.usefixtures("few_cases")
def test_a_failing_selftest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    correct = keras_xent.v1.softmax_cross_entropy

    def wrong(*args: Any, **kwargs: Any) -> Any:
        return 1.01 * correct(*args, **kwargs)

    monkeypatch.setattr(keras_xent.v1, "softmax_cross_entropy", wrong)
    assert run() == 1
    printed = capsys.readouterr().out
    assert "PROBLEM: self-test, CPU:0: " in printed
    assert "PROBLEM: self-test, CPU:0, XLA: " in printed
    assert printed.endswith("Found 2 problems.\n")


@pytest.mark.usefixtures("few_cases")
def test_a_device_that_fails_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # There is none: TensorFlow raises an error, or puts all on the CPU.
    gpu = places.Place("GPU:0", "TensorFlow's own ops")
    monkeypatch.setattr(places, "find_places", lambda: ([gpu], []))
    assert run() == 1
    printed = " ".join(capsys.readouterr().out.split())
    assert "- - 1.0e-05 v1, 32x10: " in printed
    assert "PROBLEM: self-test, GPU:0: Nothing is wrong with keras_xent." in printed
    assert printed.endswith("Found 1 problem.")


def test_the_last_line_counts_the_problems() -> None:
    assert command.advice([OK]) == ["Everything works."]
    assert command.advice([PROBLEM, NOTE, OK, PROBLEM])[-1] == "Found 2 problems."


def test_advice_keeps_words_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    problem = Finding("x", "y", Status.PROBLEM, "pip install keras_xent-nightly-build")
    monkeypatch.setattr(command, "check_installation", lambda: [problem])
    run()
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "PROBLEM: x: pip install",
        "keras_xent-nightly-build",
        "Found 1 problem.",
    ]


def test_a_table_without_rich(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "rich", None)
    command.print_table("Title", HEADINGS, ROWS)
    assert capsys.readouterr().out == (
        "Title\n"
        "-----\n"
        "case        status   found\n"
        "first       ok       [7]\n"
        "the second  PROBLEM  nothing\n"
        "\n"
    )


def test_a_table_with_rich(capsys: pytest.CaptureFixture[str]) -> None:
    command.print_table("Title", HEADINGS, ROWS)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].strip() == "Title"
    assert [line.split() for line in lines[3:5]] == [
        ["first", "ok", "[7]"],
        ["the", "second", "PROBLEM", "nothing"],
    ]
