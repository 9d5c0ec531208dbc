"""TensorFlow's names in a source."""

from __future__ import annotations

import ast

import pytest

from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.tensorflow.tensorflow_names import (
    called,
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
