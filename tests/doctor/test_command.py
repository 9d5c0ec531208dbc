"""The doctor's order of things and its exit codes."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

import keras_xent
from keras_xent.doctor import command
from keras_xent.doctor.finding import Finding, Status

PROBLEM = Finding("Keras backend", "jax", Status.PROBLEM, "Set KERAS_BACKEND=tensorflow.")


def run() -> int:
    return command.run(argparse.Namespace())


def test_a_sound_installation(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    printed = capsys.readouterr().out
    assert "Self-test against TensorFlow" in printed
    assert printed.endswith("Everything works.\n")
    assert "PROBLEM" not in printed


def test_a_problem_ends_the_search(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "check_keras", lambda: [PROBLEM])
    monkeypatch.setattr(command, "check_backend", lambda: pytest.fail("must not be called"))
    assert run() == 1
    printed = capsys.readouterr().out
    assert "Self-test against TensorFlow" not in printed
    assert "PROBLEM: Keras backend: Set KERAS_BACKEND=tensorflow." in printed
    assert printed.endswith("Found 1 problem.\n")


def test_a_note_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    note = Finding("backend", "portable", Status.NOTE, "Install a compiler.")
    monkeypatch.setattr(command, "check_backend", lambda: [note])
    assert run() == 0
    assert "note: backend: Install a compiler." in capsys.readouterr().out


def test_a_failing_selftest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    correct = keras_xent.v1.softmax_cross_entropy

    def wrong(*args: Any, **kwargs: Any) -> Any:
        return 1.01 * correct(*args, **kwargs)

    monkeypatch.setattr(keras_xent.v1, "softmax_cross_entropy", wrong)
    assert run() == 1
    printed = capsys.readouterr().out
    # Not all cases: one has a loss of zero, and half precision may be too coarse to tell.
    assert "PROBLEM: self-test:" in printed
    assert printed.endswith("Found 1 problem.\n")
