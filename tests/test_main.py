"""The command line, without the commands."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import types
from typing import Iterator

import pytest

import keras_xent
from keras_xent_cli import main as cli


@pytest.fixture
def tensorflow_log_level(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No TF_CPP_MIN_LOG_LEVEL, and everything as before afterwards."""
    # Set first: monkeypatch restores only what it has changed itself.
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL")
    logger = logging.getLogger("tensorflow")
    level = logger.level
    yield
    logger.setLevel(level)


@pytest.fixture
def greet(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A command named greet, in place of the real ones."""
    module = types.ModuleType("keras_xent_greet_for_tests")

    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--code", type=int, default=0)

    def run(args: argparse.Namespace) -> int:
        return int(args.code)

    module.add_arguments = add_arguments  # type: ignore[attr-defined]
    module.run = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    command = cli.Command("greet", "say hello", module.__name__, uses_tensorflow=False)
    monkeypatch.setattr(cli, "COMMANDS", (command,))
    return module


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["--help"])
    assert stop.value.code == 0
    printed = capsys.readouterr().out
    for command in cli.COMMANDS:
        assert command.name in printed
    assert {command.name for command in cli.COMMANDS} >= {"demo", "doctor", "migrate"}


def test_help_imports_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    for command in cli.COMMANDS:
        monkeypatch.delitem(sys.modules, command.module, raising=False)
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    assert not [command.module for command in cli.COMMANDS if command.module in sys.modules]


@pytest.mark.parametrize("name", ["demo", "doctor", "migrate"])
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main([name, "--help"])
    assert stop.value.code == 0
    assert f"usage: keras-xent {name}" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"keras_xent {keras_xent.__version__}\n"


def test_without_a_command_it_prints_the_help_and_fails(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main([]) == 2
    assert "usage: keras-xent" in capsys.readouterr().err


def test_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["frobnicate"])
    assert stop.value.code == 2
    assert "'frobnicate'" in capsys.readouterr().err


@pytest.mark.parametrize("code", [0, 1, 2])
def test_the_exit_code_is_the_commands(greet: types.ModuleType, code: int) -> None:
    assert cli.main(["greet", "--code", str(code)]) == code


def test_arguments_default_to_those_of_the_process(
    greet: types.ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["keras-xent", "greet", "--code", "7"])
    assert cli.main() == 7


def test_interrupt(greet: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(args: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(greet, "run", interrupted)
    assert cli.main(["greet"]) == 130


@pytest.mark.parametrize("uses_tensorflow", [False, True])
def test_tensorflow_is_started_for_the_commands_that_use_it(
    greet: types.ModuleType, monkeypatch: pytest.MonkeyPatch, uses_tensorflow: bool
) -> None:
    command = cli.Command("greet", "say hello", greet.__name__, uses_tensorflow)
    monkeypatch.setattr(cli, "COMMANDS", (command,))
    starts = []
    monkeypatch.setattr(cli, "start_tensorflow_quietly", lambda: starts.append(1))
    cli.main(["greet"])
    assert len(starts) == uses_tensorflow


@pytest.mark.usefixtures("tensorflow_log_level")
def test_what_tensorflow_logs_at_its_start_is_hidden(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    # By the file descriptor, as C++ code does.
    monkeypatch.setattr(cli, "_start_tensorflow", lambda: os.write(2, b"chatter"))
    cli.start_tensorflow_quietly()
    os.write(2, b"afterwards")
    assert capfd.readouterr().err == "afterwards"
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "3"


@pytest.mark.usefixtures("tensorflow_log_level")
def test_the_log_of_a_failing_start_is_shown(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        os.write(2, b"libcudart not found")
        raise ImportError("no TensorFlow")

    monkeypatch.setattr(cli, "_start_tensorflow", fail)
    cli.start_tensorflow_quietly()
    assert capfd.readouterr().err == "libcudart not found"


def test_a_user_who_wants_the_log_gets_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    monkeypatch.setattr(cli, "_start_tensorflow", lambda: pytest.fail("must not be called"))
    cli.start_tensorflow_quietly()
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"


@pytest.mark.usefixtures("tensorflow_log_level")
def test_the_real_start_leaves_standard_error_alone(capfd: pytest.CaptureFixture[str]) -> None:
    cli.start_tensorflow_quietly()
    os.write(2, b"afterwards")
    assert capfd.readouterr().err == "afterwards"
    assert "tensorflow" in sys.modules
