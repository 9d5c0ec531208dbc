"""``keras-xent migrate``: its options, and the order in which things happen.

libcst and rich are imported only once it is known that they are there.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import os
import sys
from pathlib import Path
from typing import Callable, Tuple

_EXTRAS = ("libcst", "rich")

_EPILOG = """\
exit codes:
  0  done; with --check, nothing remains to port or to look at (what is only noted doesn't count)
  1  with --check: something remains to port, or for you to look at
  2  a file could not be read, parsed or written (it is as it was; the others are done), a wrong
     argument, or a missing package

A line that ends in `# keras-xent: ignore` (or `ignore KX103, KX104`) is left alone.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the codemod's options."""
    parser.description = (
        "Ports TF1's cross entropies to keras_xent in Python files and notebooks, and names "
        "what it can't port. Prints a diff; nothing is written without --write."
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="files and directories")
    parser.add_argument(
        "--to",
        choices=("v1", "keras"),
        default="v1",
        help="v1 (default): keras_xent.v1's functions, exact by construction. keras: the loss "
        "object, where it provably means the same, and v1 elsewhere",
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--write", action="store_true", help="rewrite the files")
    mode.add_argument(
        "--check",
        action="store_true",
        help="exit with 1 if anything remains to port, or to look at",
    )
    parser.add_argument(
        "--select", type=_codes, default=(), metavar="CODES", help="only these rules: KX001,KX1"
    )
    parser.add_argument(
        "--ignore", type=_codes, default=(), metavar="CODES", help="not these rules"
    )
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="json prints one JSON object, and nothing else, on standard output",
    )
    parser.add_argument("--list-rules", action="store_true", help="list the rules and exit")


def run(args: argparse.Namespace) -> int:
    """Port the files.

    Args:
        args: What `add_arguments` describes.

    Returns:
        The exit code; see the epilog of ``--help``.
    """
    missing = [name for name in _EXTRAS if importlib.util.find_spec(name) is None]
    if missing:
        return _refuse(f"it needs {' and '.join(missing)}: pip install 'keras_xent[migrate]'")

    _print_any_character()
    if args.list_rules:
        _show_rules()
        return 0
    if not args.paths:
        return _refuse("no files: give PATHs, '.' for all that is here")
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
        return _refuse(str(error))
    if done.looked_at == 0:
        return _refuse("there are no Python files or notebooks in the paths that were given")
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
    """Let no character of a source or a path stop the report where the terminal lacks it."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _print(report: Callable[[], None]) -> None:
    """Print to a reader who may leave early, as `head` does: what was done is done."""
    try:
        report()
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # rich makes the second of the first
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _codes(text: str) -> Tuple[str, ...]:
    return tuple(code.strip().upper() for code in text.split(",") if code.strip())


def _refuse(reason: str) -> int:
    print(f"keras-xent migrate: {reason}", file=sys.stderr)
    return 2
