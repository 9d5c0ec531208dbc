"""The doctor's order of things and its exit codes."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

import keras_xent
from keras_xent_cli.doctor import command, places
from keras_xent_cli.doctor.finding import Finding, Status

PROBLEM = Finding("Keras backend", "jax", Status.PROBLEM, "Set KERAS_BACKEND=tensorflow.")


def run() -> int:
    return command.run(argparse.Namespace())


def test_a_sound_installation(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    printed = capsys.readouterr().out
    assert "Self-test against TensorFlow (relative errors): CPU:0, " in printed
    lines = printed.splitlines()
    for device in ("self-test, CPU:0 ", "self-test, CPU:0, XLA "):
        (line,) = [line for line in lines if line.startswith(device)]
        assert "cases agree with TensorFlow" in line
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
    assert "PROBLEM: self-test, CPU:0: " in printed
    assert "PROBLEM: self-test, CPU:0, XLA: " in printed
    assert printed.endswith("Found 2 problems.\n")


def test_a_device_that_fails_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # There is none, and TensorFlow puts all on the CPU.
    gpu = places.Place("GPU:0", "TensorFlow's own ops")
    monkeypatch.setattr(places, "find_places", lambda: ([gpu], []))
    assert run() == 1
    printed = " ".join(capsys.readouterr().out.split())
    assert "v1, 32x10: RuntimeError: TensorFlow put float32 on /job:localhost" in printed
    assert "PROBLEM: self-test, GPU:0: Nothing is wrong with keras_xent." in printed
    assert printed.endswith("Found 1 problem.")
