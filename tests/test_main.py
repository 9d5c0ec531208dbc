"""The command line, without the commands."""

from __future__ import annotations

import argparse
import sys
import types

import pytest

import keras_xent
from keras_xent_cli import main as cli


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


@pytest.mark.parametrize("arguments", [["--foo"], ["word"], ["--code", "1", "--foo"]])
def test_unknown_options_show_the_commands_usage(
    greet: types.ModuleType, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["greet", *arguments])
    assert stop.value.code == 2
    printed = capsys.readouterr().err
    assert printed.startswith("usage: keras-xent greet [-h] [--code CODE]\n")
    assert f"error: unrecognized arguments: {arguments[-1]}\n" in printed


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

    for function in ("add_arguments", "run"):
        with monkeypatch.context() as patch:
            patch.setattr(greet, function, interrupted)
            assert cli.main(["greet"]) == 130


@pytest.mark.parametrize("uses_tensorflow", [False, True])
def test_tensorflow_is_started_for_the_commands_that_use_it(
    greet: types.ModuleType, monkeypatch: pytest.MonkeyPatch, uses_tensorflow: bool
) -> None:
    command = cli.Command("greet", "say hello", greet.__name__, uses_tensorflow)
    monkeypatch.setattr(cli, "COMMANDS", (command,))
    starts = []
    monkeypatch.setattr(cli, "load_tensorflow", lambda: starts.append(1))
    cli.main(["greet"])
    assert len(starts) == uses_tensorflow
