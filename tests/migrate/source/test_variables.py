"""Where a variable is read."""

from __future__ import annotations

import ast

import pytest

from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.source.variables import uses


def lines(source: str) -> list[int] | None:
    """The lines in which the first `z` that is stored is read."""
    module = Module(source)
    target = next(
        node for node in module.all(ast.Name) if node.id == "z" and isinstance(node.ctx, ast.Store)
    )
    found = uses(module, target)
    return None if found is None else sorted(name.lineno for name in found)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("z = 1\n", []),
        ("z = 1\nf(z)\nz.x = z\n", [2, 3, 3]),
        ("z = 1\ndef f():\n    return z\n", [3]),
        ("z = 1\ndef f(z):\n    return z\n", []),
        ("def f():\n    z = 1\n    return lambda: z\nz\n", [3]),
        ("def f():\n    global z\n    z = 1\nz\n", [4]),
    ],
)
def test_uses(source: str, expected: list[int]) -> None:
    assert lines(source) == expected


@pytest.mark.parametrize("reader", ["locals", "vars", "globals", "dir", "eval", "exec"])
def test_read_without_a_name(reader: str) -> None:
    assert lines(f"def f():\n    z = 1\n    return {reader}()\n") is None
    assert lines(f"z = 1\ndef f():\n    return {reader}()\n") is None
    assert lines(f"def f():\n    z = 1\ndef g():\n    return {reader}()\n") == []


def test_of_a_class() -> None:
    """It is an attribute too."""
    assert lines("class A:\n    z = 1\n") is None
