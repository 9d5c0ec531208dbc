"""TensorFlow's names in a source."""

from __future__ import annotations

import ast

import pytest
import tensorflow as tf

from keras_xent.migrate.module import Module
from keras_xent.migrate.tensorflow_names import (
    TF1_ONLY,
    called,
    is_tf1_code,
    spelled,
    tensorflow_function,
)


def last_value(source: str) -> tuple:
    module = Module(source)
    statement = module.tree.body[-1]
    assert isinstance(statement, ast.Expr)
    return module, statement.value


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import tensorflow as tf\ntf.nn.softmax(x)", "softmax"),
        ("import tensorflow.compat.v1 as tf\ntf.nn.softmax(x)", "softmax"),
        ("from tensorflow.nn import softmax as s\ns(x)", "softmax"),
        ("import tf_slim as slim\nslim.one_hot_encoding(x)", "one_hot_encoding"),
        ("from tensorflow import keras\nkeras.layers.Softmax()", "Softmax"),
        ("import keras\nkeras.layers.Softmax()", "Softmax"),
        ("import torch\ntorch.softmax(x)", ""),
        ("softmax(x)", ""),
        ("import tensorflow as tf\ntf.nn.softmax", ""),
        ("import tensorflow as tf\nf = tf.abs if x else tf.exp\nf(x)", ""),
        ("import tensorflow as tf\nf = tf.abs if x else g\nf(x)", ""),
    ],
)
def test_tensorflow_function(source: str, expected: str) -> None:
    module, value = last_value(source)
    assert tensorflow_function(module, value) == expected


def test_called() -> None:
    assert called(*last_value("import tensorflow.compat.v1 as tf\ntf.abs(x)")) == {"tensorflow.abs"}
    assert called(*last_value("import tensorflow.compat.v1 as tf\ntf.abs")) == frozenset()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import tensorflow as tf", "tf"),
        ("import tensorflow.compat.v1 as tf1", "tf1"),
        ("import tensorflow", "tensorflow"),
        ("import tensorflow.compat.v1", "tensorflow"),
        ("from tensorflow.compat import v1", "v1"),
        ("from tensorflow import losses", ""),
        ("import numpy as np", ""),
        ("def f():\n    import tensorflow as tf", ""),
        ("import tensorflow as tf\ntf = wrap(tf)", ""),
    ],
)
def test_spelled(source: str, expected: str) -> None:
    assert spelled(Module(source)) == expected


@pytest.mark.parametrize("name", sorted(TF1_ONLY))
def test_tf1_has_it_and_tf2_has_not(name: str) -> None:
    here, there = tf, tf.compat.v1
    found = True
    for part in name.split("."):
        here = getattr(here, part, None)
        there = getattr(there, part, None)
        found = found and here is not None
    assert there is not None or name in _GONE
    assert not found or name in _OF_ANOTHER_MEANING


# What even tf.compat.v1 has no longer.
_GONE = {"contrib", "mul", "sub", "initialize_all_variables"}
# Nothing, or a name of TF2's would say that a file is TF1's.
_OF_ANOTHER_MEANING: set = set()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import tensorflow as tf\ntf.Session()", True),
        ("import tensorflow as tf\ntf.train.Saver()", True),
        ("from tensorflow import losses\nlosses.get_total_loss()", True),
        ("import tensorflow\ntensorflow.placeholder(x)", True),
        # TensorFlow 2 has these.
        ("import tensorflow.compat.v1 as tf\ntf.placeholder(x)", False),
        ("import tensorflow as tf\ntf.compat.v1.Session()", False),
        ("import tensorflow as tf\ntf.nn.softmax(x)", False),
        ("import numpy as tf\ntf.Session()", False),
        ("import tensorflow as tf\ntf.keras.Session()", False),
    ],
)
def test_is_tf1_code(source: str, expected: bool) -> None:
    assert is_tf1_code(Module(source)) == expected
