"""What a name means, through imports, aliases and assignments."""

from __future__ import annotations

import ast
import textwrap

import pytest

from keras_xent_cli.migrate.source.names import (
    UNKNOWN,
    WRAPPED,
    as_wrapped,
    is_wrapped,
    resolve,
    resolve_global,
    unwrapped,
)
from keras_xent_cli.migrate.source.scopes import Scopes


def names(source: str) -> frozenset[str]:
    """The names of the argument of the call of `here` in a source."""
    tree = ast.parse(textwrap.dedent(source))
    (call,) = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "here"
    )
    return resolve(Scopes(tree), call.args[0])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import t\nhere(t.l.f)", "t.l.f"),
        ("import t.l\nhere(t.l.f)", "t.l.f"),
        ("import t.c.v1 as tf\nhere(tf.l.f)", "t.c.v1.l.f"),
        ("from t import l\nhere(l.f)", "t.l.f"),
        ("from t.l import f as g\nhere(g)", "t.l.f"),
        ("import t\nl = t.l\ng = l.f\nhere(g)", "t.l.f"),
        ("import t\nl, n = t.l, t.n\nhere(l.f)", "t.l.f"),
        ("import t\n(l := t.l)\nhere(l.f)", "t.l.f"),
        ("import t\nhere(l := t.l.f)", "t.l.f"),
        ("import t\nl: M = t.l\nhere(l.f)", "t.l.f"),
        ("import t\ndef f():\n    here(t.l)", "t.l"),
        ("import t\nclass C:\n    l = t.l\n    here(l.f)", "t.l.f"),
        ("import t\n[here(t.l) for x in y]", "t.l"),
        ("def f():\n    import t\n    def g():\n        here(t.l)", "t.l"),
        ("def f():\n    global t\n    import t\ndef g():\n    here(t.l)", "t.l"),
        ("from .t import l\nhere(l.f)", ".t.l.f"),
    ],
)
def test_one_name(source: str, expected: str) -> None:
    assert names(source) == {expected}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("try:\n    import a as t\nexcept E:\n    import b as t\nhere(t.f)", {"a.f", "b.f"}),
        ("import t\nhere((t.a if x else t.b).f)", {"t.a.f", "t.b.f"}),
        ("import t\nt = t.v1\nhere(t.l)", {"t.l", "t.v1.l"}),
        ("import t\nl = t.a\nl = t.b\nhere(l)", {"t.a", "t.b"}),
        ("import t\nif x:\n    t = make()\nhere(t.f)", {"t.f", UNKNOWN}),
    ],
)
def test_several_names(source: str, expected: frozenset[str]) -> None:
    assert names(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "def f(t):\n    here(t.l)",
        "for t in x:\n    here(t.l)",
        "t = make()\nhere(t.l)",
        "import t\ndef f(t):\n    here(t.l)",
        "import t\n[here(t.l) for t in x]",
        "import t\nf = lambda t: here(t.l)",
        "import t\ndel t\ndef f():\n    with t as t:\n        here(t.l)",
        # Another name in their place would lose x.
        "import t\nhere((x := t).l)",
        "import t\nhere((x := t.l).f)",
        "import t\nhere((t if (x := 1) else t).l.f)",
        "import t\nasync def f():\n    here((t if await x else t).l)",
        "import t\nhere((t if set_up() else t).l)",
    ],
)
def test_what_cannot_be_followed(source: str) -> None:
    assert UNKNOWN in names(source)
    assert "t.l" not in names(source) or "del t" in source


@pytest.mark.parametrize(
    "source",
    [
        "here(t.l)",  # bound nowhere
        "here(1)",
        "import t\nhere(t.l())",
        "import t\nhere(t[0].l)",
        "class C:\n    import t\n    def f(self):\n        here(t.l)",
        "a = b\nb = a\nhere(a)",
    ],
)
def test_nothing_that_has_a_name(source: str) -> None:
    assert names(source) <= {UNKNOWN}


CLONE = "def clone(m):\n    return m\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import t\nn = clone(t.n)\nhere(n.f)", {"<wrapped>.t.n.f"}),
        ("import t\nt = clone(t)\nhere(t.n.f)", {"t.n.f", "<wrapped>.t.n.f"}),
        ("from t import *\nn = clone(n)\nhere(n.f)", {"<wrapped>.t.n.f"}),
        ("import t\nm = clone(t)\nn = clone(m.n)\nhere(n.f)", {"<wrapped>.t.n.f"}),
        ("import t\nn = clone(t.n)\nn.g = 1\nhere(n.f)", {"<wrapped>.t.n.f"}),
        ("import t\nn = clone(t.n)\nn.f = 1\nhere(n.f)", {UNKNOWN}),
        ("import t\ndef g(x): return t.a\nn = g(t.n)\nhere(n)", {f"{WRAPPED}.t.{x}" for x in "an"}),
        ("import t\nn = clone(x)\nhere(n.f)", {UNKNOWN}),
        ("import t\nn = clone(t.n, 1)\nhere(n.f)", {UNKNOWN}),
        ("import t\nn = elsewhere(t.n)\nhere(n.f)", {UNKNOWN}),
        ("import t\nn = clone(t.n)()\nhere(n.f)", {UNKNOWN}),
    ],
)
def test_what_a_function_gets(source: str, expected: frozenset[str]) -> None:
    assert names(CLONE + source) == expected


def test_what_is_wrapped_is_marked_once() -> None:
    once = as_wrapped(frozenset({"t.n", UNKNOWN}))
    assert once == as_wrapped(once) == {f"{WRAPPED}.t.n", UNKNOWN}
    assert {unwrapped(each) for each in once} == {"t.n", UNKNOWN}
    assert [is_wrapped(each) for each in sorted(once)] == [False, True]


def test_assignments_in_a_circle_end() -> None:
    assert names("import t\na = t.x\nb = a\na = b\nhere(a.f)") == {"t.x.f", UNKNOWN}


def test_names_that_are_bound_often_do_not_take_forever() -> None:
    # As in a hash function whose rounds are written out: every round makes each name of others.
    rounds = "a, b, c, d, e, f = f, a, b.x, c, d if a else b, e\n" * 200
    assert UNKNOWN in names(f"a = b = c = d = e = f = make()\n{rounds}here(a.l)")


def test_functions_of_names_that_are_bound_often_do_not_take_forever() -> None:
    rounds = "a = f(b)\nb = f(c)\nc = f(a)\n" * 300
    assert UNKNOWN in names(
        f"import t\ndef f(x): return t.n, a, b, c\na = b = c = t\n{rounds}here(a.l)"
    )


def test_a_long_way_ends() -> None:
    way = "".join(f"a{number + 1} = a{number}\n" for number in range(5000))
    assert UNKNOWN in names(f"import t as a0\n{way}here(a5000)")


def test_a_global_name() -> None:
    scopes = Scopes(ast.parse("import t\ndef f(t): pass"))
    assert resolve_global(scopes, "t") == {"t"}
    assert resolve_global(scopes, "t.n.f") == {"t.n.f"}
    assert resolve_global(scopes, "u") == frozenset()
