"""What the text tells of values."""

from __future__ import annotations

import ast

import pytest

from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.source import constants

IMPORTS = "import keras_xent\nimport tensorflow.compat.v1 as tf\nimport tensorflow as tf2\n"


def value(expression: str, before: str = "") -> tuple:
    module = Module(f"{IMPORTS}{before}\nRESULT = {expression}\n")
    statement = module.tree.body[-1]
    assert isinstance(statement, ast.Assign)
    return module, statement.value


@pytest.mark.parametrize(
    ("expression", "before", "expected"),
    [
        ("1.0", "", True),
        ("True", "", True),
        ("-0.5 * 2", "", True),
        ("x", "x = 0.5", True),
        ("x", "x = 0.5\nx = 1", True),
        ("x", "y = 3\nx = y / 2", True),
        ("tf.constant(0.5)", "", True),
        ("x", "", False),
        ("x", "x = 0.5\nx = f()", False),
        ("x", "x = 0.5\nx += y", False),
        ("x", "x = x + 1", False),
        ("x", "for x in [1, 2]: pass", False),
        ("None", "", False),
        ("'1'", "", False),
        ("[1.0]", "", False),
        ("1.0 * x", "", False),
        ("tf.constant([0.5])", "", False),
        ("tf.constant(0.5, shape=[3])", "", False),
        ("tf.constant(0.5, tf.float32, [3])", "", False),
        ("self.weight", "", False),
    ],
)
def test_is_number(expression: str, before: str, expected: bool) -> None:
    assert constants.is_number(*value(expression, before)) == expected


@pytest.mark.parametrize(
    ("expression", "before", "expected"),
    [
        ("3", "", 3),
        ("-1", "", -1),
        ("n", "n = 10", 10),
        ("n", "n = 10\nn = 11", None),
        ("n", "n = f()", None),
        ("n", "n = m\nm = n", None),
        ("n", "", None),
        ("True", "", None),
        ("3.0", "", None),
        ("n + 1", "n = 10", None),
    ],
)
def test_integer(expression: str, before: str, expected: int | None) -> None:
    assert constants.integer(*value(expression, before)) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("tf.losses.Reduction.SUM", {"SUM"}),
        ("tf2.losses.Reduction.MEAN", {"MEAN"}),
        ("keras_xent.Reduction.NONE", {"NONE"}),
        ("'weighted_sum'", {"SUM"}),
        ("'none' if x else tf.losses.Reduction.SUM", {"NONE", "SUM"}),
        ("'none' if x else y", set()),
        ("'sum'", set()),
        ("None", set()),
        ("x", set()),
    ],
)
def test_reductions(expression: str, expected: set) -> None:
    assert constants.reductions(*value(expression)) == expected
