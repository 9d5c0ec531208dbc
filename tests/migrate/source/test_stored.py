"""What was last assigned to an attribute."""

from __future__ import annotations

import ast
import textwrap

import pytest

from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.source.stored import assignment, followed


def argument(source: str) -> tuple:
    """A module, and the argument of the call of `here` in it."""
    module = Module(textwrap.dedent(source))
    calls = (each for each in module.all(ast.Call) if module.dotted(each.func) == "here")
    return module, next(calls).args[0]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a.b = 1\nhere(a.b)", "1"),
        ("a.b: int = 1\nhere(a.b)", "1"),
        ("a.b = 1\na.b = 2\nhere(a.b)\na.b = 3", "2"),
        ("a.b = c\nhere(a.b)", "c"),
        ("c = 1\na.b = c\nhere(a.b)", "1"),
        ("a.b = 1\nc = a.b\nhere(c)", "1"),
        ("a.b = 1\na.b = a.b\nhere(a.b)", "1"),
        ("a.b = 1\na.b = (\n    a.b)\nhere(a.b)", "1"),
        ("a.b = 1\na.b = f(\n    here(a.b))", "1"),
        ("a.b = f(\n    here(a.b))", "a.b"),
        ("a.b = 1\nfor a.b in c:\n    here(a.b)", "a.b"),
        ("if x:\n    a.b = 1\na.b = 2\nhere(a.b)", "2"),
        ("a.b = 1\na.b += f(\n    here(a.b))", "1"),
        ("class C:\n    def f(s):\n        s.a = 1\n    def g(s):\n        here(s.a)", "1"),
        ("class C:\n    def f(s):\n        s.a = 1\ndef g(s):\n    here(s.a)", "s.a"),
        ("a.c = 1\nhere(a.b)", "a.b"),
        ("c.b = 1\nhere(a.b)", "a.b"),
        ("a.b, c = 1, 2\nhere(a.b)", "a.b"),
        ("a.b += 1\nhere(a.b)", "a.b"),
        ("a.b = 1\nhere(a.b.c)", "a.b.c"),
        ("f().b = 1\nhere(f().b)", "f().b"),
        ("here(a.b)\na.b = 1", "a.b"),
    ],
)
def test_followed(source: str, expected: str) -> None:
    found = followed(*argument(source))
    assert found is not None
    assert ast.unparse(found) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a.b = 1\na.b /= 2\nhere(a.b)", "a.b /= 2"),
        ("a.b = c = 1\nhere(a.b)", "a.b = c = 1"),
        ("for a.b in c: pass\nhere(a.b)", None),
        ("(a.b, c) = d\nhere(a.b)", None),
        ("b = 1\nhere(b)", None),
        ("here(1)", None),
    ],
)
def test_assignment(source: str, expected: str) -> None:
    found = assignment(*argument(source))
    assert (found and ast.unparse(found)) == expected
