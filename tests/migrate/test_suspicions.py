"""Names and origins of arguments; the rules' own tests have the calls."""

from __future__ import annotations

import pytest

from keras_xent.migrate.module import Module
from keras_xent.migrate.suspicions import activation_output, is_no_activation, looks_swapped

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
        ("tf.nn.softmax(x)", "", "it is tf.nn.softmax(…)"),
        ("x", "x = tf.nn.softmax(y)", "it is tf.nn.softmax(…)"),
        ("x", "x = y = tf.nn.softmax(y)", "it is tf.nn.softmax(…)"),
        ("softmax(x)", "", ""),
        ("tf.keras.layers.Softmax()(x)", "", "it is the output of tf.keras.layers.Softmax()"),
        ("probs", "", "its name is 'probs'"),
        ("tf.reshape(probs, [-1, 3])", "", "its name is 'probs'"),
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
        ("tf.sigmoid(x)", "it is tf.sigmoid(…)"),
        ("tf.nn.sigmoid(x)", "it is tf.nn.sigmoid(…)"),
        ("tf.nn.softmax(x)", "it is tf.nn.softmax(…)"),
        ("tf.layers.dense(x, 1, activation=tf.sigmoid)", "it is the output of tf.layers.dense(…,"),
        ("tf.keras.layers.Dense(1, activation='sigmoid')(x)", "it is the output of tf.keras"),
        ("sigmoid_output", "its name is 'sigmoid_output'"),
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


@pytest.mark.parametrize(
    ("logits", "before", "expected"),
    [
        ("tf.matmul(x, w) + b", "", True),
        ("tf.matmul(x, w)", "", True),
        ("x * 2", "", True),
        ("[x, y]", "", True),
        ("tf.layers.dense(x, 3)", "", True),
        ("tf.layers.dense(x, 3, name='fc')", "", True),
        ("slim.fully_connected(x, 3, activation_fn=None)", "", True),
        ("x", "x = tf.layers.dense(y, 3)", True),
        ("x", "x = tf.layers.dense(y, 3)\nx = x / 2", True),
        ("x", "if a:\n    x = tf.matmul(y, w)\nelse:\n    x = y + 1", True),
        ("x", "if a:\n    x = tf.matmul(y, w)\nelse:\n    x = f(y)", False),
        ("x", "x = tf.matmul(y, w)\nx = f(x)", False),
        ("x", "x = tf.matmul(y, w)\nx = tf.nn.softmax(x)", False),
        ("x", "", False),
        ("self.x", "", False),
        ("x", "for x in xs: pass", False),
        ("f(x)", "", False),
        ("tf.nn.softmax(x)", "", False),
        ("tf.sigmoid(x)", "", False),
        # These may hand on what they get as it is.
        ("tf.convert_to_tensor(x)", "", False),
        ("tf.constant(x)", "", False),
        ("tf.cast(x, tf.float32)", "", False),
        ("tf.layers.dense(x, 3, tf.nn.softmax)", "", False),
        ("tf.layers.dense(x, 3, activation=a)", "", False),
        ("tf.layers.dense(x, 3, **more)", "", False),
        ("tf.keras.layers.Dense(3)(x)", "", False),
    ],
)
def test_is_no_activation(logits: str, before: str, expected: bool) -> None:
    module = module_with("y", logits, before)
    assert is_no_activation(module, module.calls[0].logits) == expected


def test_no_logits() -> None:
    assert not is_no_activation(Module(""), None)
    module = Module("import tensorflow as tf\nz = tf.losses.softmax_cross_entropy(y)\n")
    assert activation_output(module, module.calls[0]) == ""
