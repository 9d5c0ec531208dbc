"""Comparing knows TensorFlow and a little of the ops; what is compared knows nothing of it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "keras_xent"


def imported(source: Path) -> set[str]:
    """The modules of keras_xent that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name[len("keras_xent.") :] for name in names if name.startswith("keras_xent.")}


@pytest.mark.parametrize("source", sorted(PACKAGE.glob("comparing/**/*.py")), ids=lambda p: p.stem)
def test_comparing_imports_little(source: Path) -> None:
    allowed = ("comparing.", "ops.broadcasting", "ops.weighting", "reduction.", "_tensorflow")
    assert [name for name in imported(source) if not name.startswith(allowed)] == []


@pytest.mark.parametrize("part", ["v1", "losses", "ops"])
def test_what_is_compared_imports_no_comparison(part: str) -> None:
    sources = [*PACKAGE.glob(f"{part}.py"), *PACKAGE.glob(f"{part}/**/*.py")]
    assert sources
    for source in sources:
        not_allowed = ("comparing", "_verification", "testing")
        assert [name for name in imported(source) if name.startswith(not_allowed)] == []
