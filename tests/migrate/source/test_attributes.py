"""What a class's attributes hold: if in doubt, nothing is told."""

from __future__ import annotations

import ast
import textwrap

import pytest

from keras_xent_cli.migrate.keras_target.surroundings import Surroundings
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.source.attributes import Attributes

CLASS = """\
import abc
import dataclasses
import tensorflow as tf
from other import Other


class Base(object):
    z = 4


{decorator}class Model({base}):
{body}
    def loss(self, weights):
        return {read}


{after}
"""


def values(
    body: str,
    read: str = "self.y",
    after: str = "",
    base: str = "object",
    decorator: str = "",
    surroundings: Surroundings | None = None,
) -> list[str] | None:
    """The texts of what `read` may be, in the last line of a method."""
    body = "".join(f"    {line}\n" for line in body.splitlines())
    source = CLASS.format(body=body, read=read, after=after, base=base, decorator=decorator)
    module = Module(source)
    (node,) = [
        each.value for each in module.all(ast.Return) if module.source(each) == f"return {read}"
    ]
    assert isinstance(node, ast.Attribute)
    found = Attributes(module, surroundings or Surroundings()).values(node)
    return None if found is None else [module.source(value) for value in found]


INIT = "def __init__(self):\n    self.y = 1"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (INIT, ["1"]),
        ("def __init__(self):\n    self.y: int = 1", ["1"]),
        ("def __init__(self):\n    self.x, self.y = 0, 1", ["1"]),
        ("def __init__(self):\n    [self.x, (self.y, z)] = 0, [1, 2]", ["1"]),
        ("def __init__(self):\n    self.x = self.y = 1", ["1"]),
        ("def __init__(self):\n    self.y = 1\ndef f(this):\n    this.y = 2", ["1", "2"]),
        ("def __init__(self):\n    def g():\n        self.y = 1\n    g()", ["1"]),
        ("y = 1", ["1"]),
    ],
)
def test_told(body: str, expected: list[str]) -> None:
    assert values(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "pass",
        "def __init__(self):\n    self.y = 1\n    self.y += 1",
        "def __init__(self):\n    self.y, self.x = f()",
        "def __init__(self):\n    self.x, *self.y = 1, 2",
        "def __init__(self):\n    for self.y in f(): pass",
        "def __init__(self):\n    with f() as self.y: pass",
        "def __init__(self):\n    self.y = 1\n    del self.y",
        "def y(self): pass",
        "@property\ndef y(self): pass",
        "y: int",
        "def __init__(self, **k):\n    self.y = 1\n    self.__dict__.update(k)",
        "def __init__(self, **k):\n    self.y = 1\n    for n in k: setattr(self, n, k[n])",
    ],
)
def test_not_told(body: str) -> None:
    assert values(body) is None


@pytest.mark.parametrize("base", ["object", "Base", "tf.Module", "tf.keras.Model", "abc.ABC"])
def test_bases(base: str) -> None:
    assert values(INIT, base=base) == ["1"]


@pytest.mark.parametrize("base", ["Other", "Unknown", "Base, Other", "f()", "Model"])
def test_bases_that_may_bind_it(base: str) -> None:
    assert values(INIT, base=base) is None


def test_decorators_may_bind_it() -> None:
    assert values("y: int = 1", decorator="@dataclasses.dataclass\n") is None


@pytest.mark.parametrize("read", ["Model.y", "self.y"])
def test_owners(read: str) -> None:
    assert values("y = 1", read) == ["1"]


@pytest.mark.parametrize("read", ["weights.y", "Model().y", "self.x.y", "unknown.y"])
def test_other_owners(read: str) -> None:
    assert values("y = 1", read) is None


@pytest.mark.parametrize(
    "method",
    ["def f(self):\n    self = g()\n    self.y", "@staticmethod\ndef f(self):\n    self.y"],
)
def test_self_that_is_something_else(method: str) -> None:
    module = Module(f"class M:\n    y = 1\n{textwrap.indent(method, '    ')}\n")
    (node,) = module.all(ast.Attribute)
    assert Attributes(module, Surroundings()).values(node) is None


def test_bound_from_outside() -> None:
    assert sorted(values(INIT, after="Model().y = 2") or []) == ["1", "2"]
    assert values(INIT, surroundings=Surroundings(assigned=frozenset({"y"}))) is None
    assert values(INIT, surroundings=Surroundings(subclassed=frozenset({"Model"}))) is None
    assert values(INIT, surroundings=Surroundings(subclassed=frozenset({"Base"}))) == ["1"]
