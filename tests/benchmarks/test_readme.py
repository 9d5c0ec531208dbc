"""The README beside the benchmarks."""

from __future__ import annotations

from pathlib import Path

from benchmarks import cli
from benchmarks.suite import SUITE

README = Path(cli.__file__).with_name("README.md")


def test_it_knows_every_option() -> None:
    text = README.read_text(encoding="utf-8")
    options = [action.option_strings[-1] for action in cli._parser(SUITE)._actions]
    for option in options:
        assert option == "--help" or f"| `{option}" in text
