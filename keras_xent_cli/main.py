"""The command line: `keras-xent COMMAND`, also `python -m keras_xent_cli COMMAND`."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import importlib.metadata
import sys
from typing import Any, Sequence

from keras_xent_cli.loading import load_tensorflow


@dataclasses.dataclass(frozen=True)
class Command:
    """One subcommand: a module with `add_arguments(parser)` and `run(args) -> int`.

    Args:
        name: what the user types.
        summary: one line for `keras-xent --help`.
        module: the module's full name. It is imported only when the command is chosen.
        uses_tensorflow: whether the command computes with TensorFlow.
    """

    name: str
    summary: str
    module: str
    uses_tensorflow: bool


COMMANDS: tuple[Command, ...] = (
    Command(
        name="demo",
        summary="train one network with TF1's loss, Keras's and keras_xent's, and compare",
        module="keras_xent_cli.demo.command",
        uses_tensorflow=True,
    ),
    Command(
        name="doctor",
        summary="check this installation: versions, backend, and a self-test against TensorFlow",
        module="keras_xent_cli.doctor.command",
        uses_tensorflow=True,
    ),
    Command(
        name="migrate",
        summary="port TF1's cross entropies in source files to keras_xent",
        module="keras_xent_cli.migrate.command",
        uses_tensorflow=False,
    ),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: the arguments after the program's name; `sys.argv[1:]` if None.

    Returns:
        The exit code: 0 for success, 1 if a command found something wrong, 2 if it couldn't start
        (a missing package, a wrong argument), 130 if it was interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    chosen = _chosen_command(arguments)
    try:
        parser = _parser(chosen)
        args = parser.parse_args(arguments)
        if chosen is None:
            parser.print_help(sys.stderr)
            return 2
        if chosen.uses_tensorflow:
            load_tensorflow()
        return int(importlib.import_module(chosen.module).run(args))
    except KeyboardInterrupt:
        return 130


def _chosen_command(arguments: list[str]) -> Command | None:
    # No option before the command takes a value, so the first plain word is the command.
    word = next((argument for argument in arguments if not argument.startswith("-")), None)
    return next((command for command in COMMANDS if command.name == word), None)


def _parser(chosen: Command | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="keras-xent",
        description="TF1's cross entropies as native Keras losses: the command line.",
        epilog="keras-xent COMMAND --help shows the options of a command.",
    )
    parser.add_argument("--version", action="version", version=f"keras_xent {_version()}")
    subparsers = parser.add_subparsers(
        dest="command", metavar="COMMAND", parser_class=_CommandParser
    )
    for command in COMMANDS:
        subparser = subparsers.add_parser(
            command.name, help=command.summary, description=_sentence(command.summary)
        )
        if command is chosen:
            importlib.import_module(command.module).add_arguments(subparser)
    return parser


class _CommandParser(argparse.ArgumentParser):
    """Shows the command's own usage for an unknown option, not that of `keras-xent`."""

    def parse_known_args(self, *args: Any, **kwargs: Any) -> Any:
        namespace, unknown = super().parse_known_args(*args, **kwargs)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return namespace, unknown


def _version() -> str:
    """The installed package's version, without importing the package."""
    try:
        return importlib.metadata.version("keras_xent")
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"


def _sentence(summary: str) -> str:
    return summary[0].upper() + summary[1:] + "."


if __name__ == "__main__":
    sys.exit(main())
