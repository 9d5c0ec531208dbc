"""Calls rewritten: what is not changed stays, to the last space."""

from __future__ import annotations

import pytest

from keras_xent.migrate import rewriting

SHAPES = [
    "f(a, b)",
    "f(a, b,)",
    "f( a , b )",
    "f(\n    a,\n    b,\n)",
    "f(\n    a,  # one\n    # two\n    b,  # three\n    # four\n)",
    "f(\r\n\ta,\r\n\tb)",
    "f(a,\n  b=b)",
    "f.g  (a, *b, **c)",
    "f[0](a, (b))",
    "f\n  .g(a, b)",
    "f(a, 'é# no comment')",
]


@pytest.mark.parametrize("source", SHAPES)
def test_unchanged(source: str) -> None:
    assert rewriting.rewritten(source, lambda call: call) == source
    assert rewriting.rename_keyword(source, "x", "y") == source


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("f(a, b)", "f(x=a, y=b)"),
        ("f(a, y=b)", "f(x=a, y=b)"),
        ("f(\n    a,  # one\n    b\n)", "f(\n    x=a,  # one\n    y=b\n)"),
        ("f(a + b, (c, d))", "f(x=a + b, y=(c, d))"),
        ("f(a := b, c)", "f(x=(a := b), y=c)"),
        ("f((a := b), c)", "f(x=(a := b), y=c)"),
        ("f(lambda: 0, [x for x in y])", "f(x=lambda: 0, y=[x for x in y])"),
        ("f()", "f()"),
    ],
)
def test_name_arguments(source: str, expected: str) -> None:
    assert rewriting.name_arguments(source, ("x", "y")) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("f(dim=1)", "f(axis=1)"),
        ("f(dim = 1, x=dim)", "f(axis = 1, x=dim)"),
        ("f(g(dim=1))", "f(g(dim=1))"),
        ("f(\n  dim=1,  # dim\n)", "f(\n  axis=1,  # dim\n)"),
    ],
)
def test_rename_keyword(source: str, expected: str) -> None:
    assert rewriting.rename_keyword(source, "dim", "axis") == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("f(a)", False),
        ("f('# a')", False),
        ("f(a,  # b\n)", True),
        ("f(\n# b\na)", True),
        ("f(g(a  # b\n))", True),
        ("(f  # b\n)(a)", True),
    ],
)
def test_has_comment(source: str, expected: bool) -> None:
    assert rewriting.has_comment(source) == expected


@pytest.mark.parametrize(
    ("old", "expected"),
    [
        ("tf.losses.f", "new.f"),
        ("tf.losses\\\n  .f", "new.f"),
        ("tf  # one\n  .losses.f", "new.f  # one\n  "),
        ("tf  # one\r\n  .losses  # two\r\n.f", "new.f  # one\r\n    # two\r\n"),
    ],
)
def test_renamed(old: str, expected: str) -> None:
    assert rewriting.renamed(old, "new.f") == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("f(a, b)", "New(k=1)(x=a, y=b)"),
        ("f(a, b, c)", "New(k=1, s=c)(x=a, y=b)"),
        ("f(a, b, c, d)", "New(k=1, s=c)(x=a, y=b)"),
        ("f(three=c, two=b, one=a)", "New(k=1, s=c)(y=b, x=a)"),
        ("f(a, three=-1, two=b,)", "New(k=1, s=-1)(x=a, y=b,)"),
        ("f(\n    a,\n    b,\n    c,\n)", "New(k=1, s=c)(\n    x=a,\n    y=b,\n)"),
        ("f(\n    a, three=c,\n    two=b)", "New(k=1, s=c)(\n    x=a, y=b)"),
        ("f(a, b, four=None)", "New(k=1)(x=a, y=b)"),
        ("(f)(a, b)", "New(k=1)(x=a, y=b)"),
    ],
)
def test_split_call(source: str, expected: str) -> None:
    result = rewriting.split_call(
        source,
        ("one", "two", "three", "four"),
        "New(k=1",
        {"three": "s"},
        ("four",),
        {"one": "x", "two": "y"},
    )
    assert result == expected
