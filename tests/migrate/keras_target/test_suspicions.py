"""Names and origins of arguments; the rules' own tests have the calls."""

from __future__ import annotations

import pytest

from keras_xent_cli.migrate.keras_target.suspicions import activation_output, looks_swapped
from keras_xent_cli.migrate.module import Module

IMPORTS = "import tensorflow.compat.v1 as tf\nfrom tensorflow.contrib import slim\n"


def module_with(labels: str, logits: str, before: str = "") -> Module:
    return Module(f"{IMPORTS}{before}\nz = tf.losses.softmax_cross_entropy({labels}, {logits})\n")


@pytest.mark.parametrize(
    ("labels", "logits", "expected"),
    [
        ("labels", "logits", False),
        ("logits", "labels", True),
        ("self.logits", "self.labels", True),
        ("logits", "x", True),
        ("logits", "other_logits", False),
        ("label_logits", "x", False),
        ("pred", "y_", True),
        ("y_", "pred", False),
        ("y", "ys", False),
        ("tf.squeeze(logits)", "labels", True),
        ("d['logits'][0]", "labels", True),
        ("x", "tf.one_hot(y, 3)", True),
        ("f(logits)", "x", False),
        ("x", "None", False),
    ],
)
def test_looks_swapped(labels: str, logits: str, expected: bool) -> None:
    module = module_with(labels, logits)
    assert looks_swapped(module, module.calls[0]) == expected


@pytest.mark.parametrize(
    ("logits", "before", "expected"),
    [
        ("x", "", ""),
        ("tf.nn.softmax(x)", "", "they are the output of tf.nn.softmax(…)"),
        ("x", "x = tf.nn.softmax(y)", "they are the output of tf.nn.softmax(…)"),
        ("x", "x = y = tf.nn.softmax(y)", "they are the output of tf.nn.softmax(…)"),
        ("softmax(x)", "", ""),
        ("tf.keras.layers.Softmax()(x)", "", "they are the output of tf.keras.layers.Softmax()"),
        ("probs", "", "their name is 'probs'"),
        ("tf.reshape(probs, [-1, 3])", "", "their name is 'probs'"),
    ],
)
def test_activation_output(logits: str, before: str, expected: str) -> None:
    module = module_with("y", logits, before)
    assert activation_output(module, module.calls[0]) == expected


@pytest.mark.parametrize(
    ("logits", "expected"),
    [
        ("x", ""),
        ("tf.matmul(x, w)", ""),
        ("tf.sigmoid(x)", "they are the output of tf.sigmoid(…)"),
        ("tf.nn.sigmoid(x)", "they are the output of tf.nn.sigmoid(…)"),
        ("tf.nn.softmax(x)", "they are the output of tf.nn.softmax(…)"),
        ("tf.layers.dense(x, 1, activation=tf.sigmoid)", "they are the output of tf.layers"),
        ("tf.keras.layers.Dense(1, activation='sigmoid')(x)", "they are the output of tf.keras"),
        ("sigmoid_output", "their name is 'sigmoid_output'"),
        ("sigmoid_logits", ""),
    ],
)
def test_of_a_sigmoid(logits: str, expected: str) -> None:
    source = f"{IMPORTS}z = tf.losses.sigmoid_cross_entropy(y, {logits})\n"
    module = Module(source)
    found = activation_output(module, module.calls[0])
    assert found.startswith(expected) and bool(found) == bool(expected)
    softmax = Module(source.replace("sigmoid_cross", "softmax_cross"))
    of_softmax = activation_output(softmax, softmax.calls[0])
    assert bool(of_softmax) == ("softmax" in expected), "a sigmoid makes logits of a softmax"


def test_no_logits() -> None:
    module = Module("import tensorflow as tf\nz = tf.losses.softmax_cross_entropy(y)\n")
    assert activation_output(module, module.calls[0]) == ""
