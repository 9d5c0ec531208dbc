"""What a function may give back, as far as its text names it."""

from __future__ import annotations

import ast

import pytest

from keras_xent_cli.migrate.source.scopes import Scopes
from keras_xent_cli.migrate.source.wrappers import function_called, globals_of


def scopes_and_call(source: str, with_bodies: bool = True) -> tuple:
    """The last statement of a source is the call."""
    tree = ast.parse(source)
    return Scopes(tree, with_bodies), tree.body[-1].value  # type: ignore[attr-defined]


@pytest.mark.parametrize("with_bodies", [False, True])
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return m", set()),
        ("return m.a.b", set()),
        ("return t.n", {"t.n"}),
        ("return t.n.f(m)", {"t.n.f"}),
        ("return g()", {"t.x"}),
        ("return f(m)", set()),
        ("n = t.n; return n.x", {"t.n"}),
        ("return [t.n for t in m]", set()),
        ("return (lambda t: t.n)(m)", set()),
        ("return type(m)(m.x)", {"type"}),
        ("return {t: 1}[0].a", {"t"}),
        ("import t; return t", None),
        ("from t import n; return n", None),
        ("global t; t = 1; return t", None),
        ("return (lambda x=t: x)(m)", None),
        ("return h()", None),
        ("return C(m)", {"C"}),
    ],
)
def test_globals(body: str, expected: set[str] | None, with_bodies: bool) -> None:
    source = (
        "import t\n"
        f"def f(m):\n    {body}\n"
        "def g(): return t.x\n"
        "@decorator\ndef h(): pass\n"
        "class C: pass\n"
        "f(t)"
    )
    scopes, call = scopes_and_call(source, with_bodies)
    assert globals_of(scopes, function_called(scopes, call)) == expected


@pytest.mark.parametrize(
    "source",
    [
        "f(t)",
        "f = g\nf(t)",
        "class f: pass\nf(t)",
        "def f(x): pass\ndef f(x): pass\nf(t)",
        "def f(x): pass\nf = 1\nf(t)",
        "async def f(x): pass\nf(t)",
        "def f(x): pass\nf()",
        "def f(x): pass\nf(t, t)",
        "def f(x): pass\nf(t, a=1)",
        "def f(x): pass\nf(x=t)",
        "def f(x): pass\nm.f(t)",
    ],
)
def test_no_function_of_one_argument(source: str) -> None:
    assert function_called(*scopes_and_call(source)) is None


def test_a_parameter_of_the_function_s_name() -> None:
    tree = ast.parse("def f(x): pass\ndef g(f): f(1)\n")
    (call,) = (each for each in ast.walk(tree) if isinstance(each, ast.Call))
    assert function_called(Scopes(tree), call) is None
