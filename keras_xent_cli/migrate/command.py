"""`keras-xent migrate`: its options, and the order of its steps.

libcst and rich are imported only after a check that they are installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import os
import sys
from pathlib import Path
from typing import Callable

from keras_xent_cli.install import pip_install

_EXTRAS = ("libcst", "rich")

_EPILOG = """\
exit codes:
  0  success; with --check, nothing is left to port or to review (notes don't count)
  1  with --check, something is left to port or to review
  2  a file couldn't be read, parsed or written (it stays unchanged, the others are ported), an
     argument was wrong, or a package is missing

To ignore a call, end its first line with `# keras-xent: ignore` (or `ignore KX103, KX104`).
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the codemod's options."""
    parser.description = (
        "Ports TF1's cross entropies to keras_xent in Python files and notebooks, and reports "
        "what it can't port. Prints a diff, and changes files only with --write."
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="files and directories")
    parser.add_argument(
        "--to",
        choices=("v1", "keras"),
        default="v1",
        help="v1 (default): the functions of keras_xent.v1, which always return TF1's results. "
        "keras: a loss object if it is provably the same, otherwise v1",
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--write", action="store_true", help="rewrite the files")
    mode.add_argument(
        "--check",
        action="store_true",
        help="exit with code 1 if anything is left to port or to review",
    )
    parser.add_argument(
        "--select",
        type=_codes,
        default=(),
        metavar="CODES",
        help="use only these rules, for example KX001,KX1",
    )
    parser.add_argument(
        "--ignore", type=_codes, default=(), metavar="CODES", help="skip these rules"
    )
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="json prints a single JSON object to standard output",
    )
    parser.add_argument("--list-rules", action="store_true", help="list the rules and exit")


def run(args: argparse.Namespace) -> int:
    """Port the files.

    Args:
        args: the options from `add_arguments`.

    Returns:
        The exit code; see the epilog of `--help`.
    """
    missing = [name for name in _EXTRAS if importlib.util.find_spec(name) is None]
    if missing:
        needed = " and ".join(missing)
        print(f"keras-xent migrate needs {needed}: {pip_install(missing)}", file=sys.stderr)
        return 2

    _print_any_character()
    if args.list_rules:
        _show_rules()
        return 0
    if not args.paths:
        return _failed("no files: pass files or directories, or '.' for the current directory")
    return _migrate(args)


def _migrate(args: argparse.Namespace) -> int:
    from rich.console import Console

    from keras_xent_cli.migrate.options import Options, Target
    from keras_xent_cli.migrate.registry import chosen_rules
    from keras_xent_cli.migrate.running import report
    from keras_xent_cli.migrate.running.job import Job
    from keras_xent_cli.migrate.running.json_report import summary, to_json
    from keras_xent_cli.migrate.running.runner import run_jobs

    try:
        chosen_rules(args.select, args.ignore)
        job = Job(args.select, args.ignore, Options(Target(args.to)), args.write)
        done = run_jobs(args.paths, job, report.progress_bar)
    except (ValueError, OSError) as error:
        return _failed(str(error))
    if done.looked_at == 0:
        return _failed("the paths contain no Python files or notebooks")
    if args.format == "json":
        _print(lambda: print(to_json(done)))
    else:
        _print(lambda: report.show(done, Console(), args.write))
    counts = summary(done)
    if counts["errors"]:
        return 2
    return int(args.check and bool(counts["changed"] or counts["flagged"]))


def _show_rules() -> None:
    from rich.console import Console

    from keras_xent_cli.migrate.running import report

    _print(lambda: report.show_rules(Console()))


def _print_any_character() -> None:
    """Escape characters that the terminal's encoding lacks, instead of raising an error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _print(report: Callable[[], None]) -> None:
    """Print. If the reader closes the pipe early, like `head`, that isn't an error."""
    try:
        report()
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # rich turns the first into the second
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _codes(text: str) -> tuple[str, ...]:
    return tuple(code.strip().upper() for code in text.split(",") if code.strip())


def _failed(reason: str) -> int:
    print(f"keras-xent migrate: {reason}", file=sys.stderr)
    return 2
