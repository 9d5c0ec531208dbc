"""Calls rewritten: what is not the change stays as it was."""

from __future__ import annotations

import pytest

from keras_xent_cli.migrate import rewriting

NAMES = ("logits", "labels", "weights")


def test_a_keyword_gets_another_name() -> None:
    assert rewriting.rename_keyword("f(a, dim = -1)", "dim", "axis") == "f(a, axis = -1)"


@pytest.mark.parametrize("source", ["f(dim)", "f(g(dim=1))", "f(**dim)"])
def test_only_the_call_s_own_keyword(source: str) -> None:
    assert rewriting.rename_keyword(source, "dim", "axis") == source


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("f(a, b)", "f(logits=a, labels=b)"),
        ("f(a, weights=c)", "f(logits=a, weights=c)"),
        ("f( a ,b , )", "f( logits=a ,labels=b , )"),
        ("f(g(a), (b, c))", "f(logits=g(a), labels=(b, c))"),
        ("a . f(x)", "a . f(logits=x)"),
        ("f()", "f()"),
        ("f(a := 1, (b := 2))", "f(logits=(a := 1), labels=(b := 2))"),
        ("f(x for x in y)", "f(logits=(x for x in y))"),
        ("f((yield x), b)", "f(logits=(yield x), labels=b)"),
    ],
)
def test_arguments_get_names(source: str, expected: str) -> None:
    assert rewriting.name_arguments(source, NAMES) == expected


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_comments_and_line_endings_stay(ending: str) -> None:
    lines = ["f(", "  a,  # é 😀", "", "\tb  # [bold]", "  )"]
    expected = ["f(", "  logits=a,  # é 😀", "", "\tlabels=b  # [bold]", "  )"]
    assert rewriting.name_arguments(ending.join(lines), NAMES) == ending.join(expected)


def test_mixed_line_endings_stay() -> None:
    source = "f(\r\n a,  # x\n b,  # y\r c)"
    expected = "f(\r\n logits=a,  # x\n labels=b,  # y\r weights=c)"
    assert rewriting.name_arguments(source, NAMES) == expected


def test_a_call_with_a_line_break_before_its_parenthesis() -> None:
    # As it may stand inside of parentheses.
    assert rewriting.name_arguments("t\n  .f\n  (a)", NAMES) == "t\n  .f\n  (logits=a)"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("f(a)", False),
        ("f('# a')", False),
        ("f(a,  # why\n b)", True),
        ("f(a\n # why\n)", True),
    ],
)
def test_has_comment(source: str, expected: bool) -> None:
    assert rewriting.has_comment(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("f(a, b)", "L(1)(y_pred=a, y_true=b)"),
        ("f(a, b, 2, 3)", "L(1, smoothing=2)(y_pred=a, y_true=b)"),
        ("f(a, b, smoothing=2)", "L(1, smoothing=2)(y_pred=a, y_true=b)"),
        ("f(scope=None, labels=b, logits=a)", "L(1)(y_true=b, y_pred=a)"),
        (
            "f(\n  a,\n  b,\n  smoothing=x.y,\n)",
            "L(1, smoothing=x.y)(\n  y_pred=a,\n  y_true=b,\n)",
        ),
    ],
)
def test_a_call_is_split_in_two(source: str, expected: str) -> None:
    split = rewriting.split_call(
        source,
        parameters=("logits", "labels", "smoothing", "scope"),
        first=lambda moved: "L(" + ", ".join(["1", *(f"{k}={v}" for k, v in moved.items())]) + ")",
        moved={"smoothing": "smoothing"},
        dropped=("scope",),
        renamed={"logits": "y_pred", "labels": "y_true"},
    )
    assert split == expected


@pytest.mark.parametrize(
    "source",
    [
        "f( a , b )",
        "f(a, b,)",
        "f(\n    a,  # one\n    # two\n    b,  # three\n    # four\n)",
        "f.g  (a, *b, **c)",
        "f[0](a, (b))",
        "f(a, 'é# no comment')",
    ],
)
def test_no_change(source: str) -> None:
    assert rewriting.rewritten(source, lambda call: call) == source


@pytest.mark.parametrize(
    ("old", "expected"),
    [
        ("tf.losses.f", "new.f"),
        ("tf.losses\\\n  .f", "new.f"),
        ("tf  # one\n  .losses.f", "new.f  # one\n  "),
        ("(\n  tf.losses\n).f", "new.f"),
        ("(  # one\n  tf.losses).f", "(new.f  # one\n  )"),
        ("tf  # one\r\n  .losses  # two\r\n.f", "new.f  # one\r\n    # two\r\n"),
    ],
)
def test_a_dotted_name_is_renamed(old: str, expected: str) -> None:
    assert rewriting.renamed(old, "new.f") == expected
