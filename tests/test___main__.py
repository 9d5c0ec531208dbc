"""``python -m keras_xent``."""

from __future__ import annotations

import runpy
import sys

import pytest

import keras_xent


def test_it_is_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["keras_xent", "--version"])
    with pytest.raises(SystemExit) as stop:
        runpy.run_module("keras_xent", run_name="__main__")
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"keras_xent {keras_xent.__version__}\n"


def test_importing_it_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["keras_xent", "--version"])
    runpy.run_module("keras_xent.__main__", run_name="imported")
