"""The README beside the benchmarks."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks import cli
from benchmarks.suite import SUITE

README = Path(cli.__file__).with_name("README.md")


def test_it_knows_every_option() -> None:
    text = README.read_text(encoding="utf-8")
    options = [action.option_strings[-1] for action in cli._parser(SUITE)._actions]
    for option in options:
        assert option == "--help" or f"| `{option}" in text


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8")):
        # Results are there once somebody has run it.
        assert target.startswith("results/") or (README.parent / target).exists()
