"""`keras-xent demo`: its options, and the order of its steps.

Nothing heavy is imported at the top, so `--help` answers immediately, and a missing extra is
reported in a sentence instead of a traceback.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import pathlib
import sys
from typing import Callable

from keras_xent_cli.doctor.checks import Status, check_installation
from keras_xent_cli.install import pip_install

# A string, so argparse checks it like the user's own value.
DEFAULT_OUTPUT = "keras-xent-demo.png"
DEFAULT_EPOCHS = 20

# Names of modules, and of their packages on PyPI.
EXTRAS = {
    "tensorflow": "tensorflow",
    "rich": "rich",
    "sklearn": "scikit-learn",
    "matplotlib": "matplotlib",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the demo's options."""
    parser.description = (
        "Trains one small network on handwritten digits three times, from the same parameters and "
        "with the same batches: with TF1's loss, with Keras's own (the naive port) and with "
        "keras_xent's. Prints a table and draws the curves. Takes a few seconds. The exit code is "
        "1 if keras_xent's parameters differ from TF1's by more than float32 rounding."
    )
    parser.add_argument(
        "--output",
        type=_png_path,
        default=DEFAULT_OUTPUT,
        metavar="PATH",
        help="the PNG file for the curves (default: %(default)s)",
    )
    parser.add_argument(
        "--epochs",
        type=_whole_number(1, 1_000_000),
        default=DEFAULT_EPOCHS,
        metavar="N",
        help="the number of passes over the data, 12 steps each (default: %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=_whole_number(0, 2**32 - 1),
        default=0,
        metavar="N",
        help="the seed for the initialization, weights and batches (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Run the demo.

    Args:
        args: the options `output`, `epochs` and `seed`.

    Returns:
        0 if the port to `keras_xent` stayed within rounding of TF1, 1 if it didn't, 2 if the demo
        couldn't run.
    """
    missing = missing_extras()
    if missing:
        print(
            f"keras-xent demo needs {' and '.join(missing)}: {pip_install(missing)}",
            file=sys.stderr,
        )
        return 2
    problems = [each for each in check_installation() if each.status is Status.PROBLEM]
    if problems:
        subject, found, _, advice = problems[0]
        found = found.rstrip(".")
        print(f"keras-xent demo can't run: {subject}: {found}. {advice}", file=sys.stderr)
        return 2

    from rich.console import Console

    from keras_xent_cli.demo import show, train

    console = Console()
    digits = train.Digits.load(args.seed)
    comparison = show.compare(train.train_all(digits, args.epochs, args.seed, console), digits)
    show.print_all(comparison, console)
    show.draw(comparison, args.output)
    # Not with rich, which would wrap a long path.
    print(f"\nThe curves are in {args.output}")
    return 0 if comparison.ours_follows_tf1 else 1


def missing_extras() -> list[str]:
    """The PyPI names of the missing packages."""
    return [
        package for module, package in EXTRAS.items() if importlib.util.find_spec(module) is None
    ]


def _png_path(text: str) -> pathlib.Path:
    # Check this before the training, not after it.
    path = pathlib.Path(text)
    if path.suffix.lower() != ".png":
        raise argparse.ArgumentTypeError(f"expected a file name that ends in .png, got {text!r}")
    try:
        if not path.parent.is_dir():
            raise argparse.ArgumentTypeError(
                f"the folder {str(path.parent)!r} doesn't exist: create it or choose another"
            )
        # If it is a link, the file that it points to is created and removed.
        file = pathlib.Path(os.path.realpath(path))
        is_new = not file.exists()
        file.open("ab").close()
        if is_new:
            file.unlink()
    except OSError as error:
        raise argparse.ArgumentTypeError(
            f"can't write {text!r}: {error.strerror}. Choose another file with --output"
        ) from None
    return path


def _whole_number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(
                f"expected a whole number from {least} to {most}, got {text!r}"
            )
        return int(text)

    return parse
