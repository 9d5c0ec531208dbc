"""The weights of contrib's losses. What they compute is in the tests of KX005."""

from __future__ import annotations

import ast

import pytest

from keras_xent_cli.migrate.module import Call, Module
from keras_xent_cli.migrate.source.edits import apply
from keras_xent_cli.migrate.tensorflow import contrib_weights


def call(text: str, before: str = "") -> tuple[Module, Call]:
    source = f"import tensorflow as tf\nimport tf_slim as slim\n{before}\nslim.losses.{text}\n"
    module = Module(source)
    (found,) = module.calls
    return module, found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("softmax_cross_entropy(x, y)", ""),
        ("softmax_cross_entropy(x, y, 0.3, 0.1)", "rank 2"),
        ("softmax_cross_entropy(x, y, label_smoothing=0)", ""),
        ("softmax_cross_entropy(x, y, w)", "one for each example"),
        ("softmax_cross_entropy(x, y, w, eps)", "axis 1); the port assumes that the weights are"),
        ("sparse_softmax_cross_entropy(x, y)", ""),
        ("sparse_softmax_cross_entropy(x, y, w)", "one for each example"),
        ("sigmoid_cross_entropy(x, y, 0.3, 0.1)", ""),
    ],
)
def test_what_is_taken_for_granted(text: str, said: str) -> None:
    assumption = contrib_weights.assumption(*call(text))
    assert said in assumption
    assert bool(said) == bool(assumption)


@pytest.mark.parametrize(
    ("text", "reshaped"),
    [
        ("softmax_cross_entropy(x, y)", False),
        ("softmax_cross_entropy(x, y, 0.3)", False),
        ("softmax_cross_entropy(x, y, one)", False),
        ("softmax_cross_entropy(x, y, w)", True),
        ("sparse_softmax_cross_entropy(x, y, w)", False),
        ("sigmoid_cross_entropy(x, y, w[:, None])", False),
    ],
)
def test_one_dimension(text: str, reshaped: bool) -> None:
    found = call(text, "one = 1.0")
    assert contrib_weights.obstacle(*found) == ""
    assert bool(contrib_weights.edits(*found)) == reshaped


@pytest.mark.parametrize(
    ("weights", "argument"),
    [("w", "w"), ("(yield w)", "(yield w)"), ("(yield from w)", "(yield from w)"), ("(w)", "w")],
)
def test_the_reshaped_weights_keep_the_parentheses_that_they_need(
    weights: str, argument: str
) -> None:
    source = (
        "import tensorflow as tf\nimport tf_slim as slim\n"
        f"def f(x, y, w):\n    slim.losses.softmax_cross_entropy(x, y, weights={weights})\n"
    )
    module = Module(source)
    new = apply(source, contrib_weights.edits(module, *module.calls))
    ast.parse(new)
    assert f"tf.reshape({argument}, [-1])" in new


@pytest.mark.parametrize(
    "text",
    [
        "softmax_cross_entropy(x, y, [1.0])",
        "sparse_softmax_cross_entropy(x, y, tf.constant([[1.0]]))",
        "sigmoid_cross_entropy(x, y, w)",
        "sigmoid_cross_entropy(x, y, w[None])",
        "sigmoid_cross_entropy(x, y, w[()])",
        "sigmoid_cross_entropy(x, y, w[None, :])",
        "sigmoid_cross_entropy(x, y, tf.expand_dims(w, 0))",
    ],
)
def test_obstacles(text: str) -> None:
    assert contrib_weights.obstacle(*call(text))
