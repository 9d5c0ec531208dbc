"""Whether labels can carry a gradient: if in doubt, they can."""

from __future__ import annotations

import ast

import pytest

from keras_xent_cli.migrate.keras_target.gradients import may_carry_gradient, stop_gradient_edits
from keras_xent_cli.migrate.keras_target.surroundings import Surroundings
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.source.attributes import Attributes
from keras_xent_cli.migrate.source.edits import apply

IMPORTS = """\
import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1
from tensorflow import keras
from tensorflow.contrib import slim
"""


def may_carry(expression: str, before: str = "") -> bool:
    module = Module(f"{IMPORTS}{before}\nRESULT = {expression}\n")
    result = module.tree.body[-1]
    assert isinstance(result, ast.Assign)
    return may_carry_gradient(module, result.value)


@pytest.mark.parametrize(
    "expression",
    [
        "1.0",
        "[[1, 0], [0, 1]]",
        "(1, 0)",
        "-1.0",
        "x > 0",
        "tf.one_hot(x, 3)",
        "tf.one_hot(x, 3, on_value=x, off_value=y)",
        "tf1.one_hot(x, 3)",
        "slim.one_hot_encoding(x, 3)",
        "keras.backend.one_hot(x, 3)",
        "tf.stop_gradient(x)",
        "tf.argmax(x, 1)",
        "tf.equal(x, y)",
        "tf.zeros_like(x)",
        "tf.placeholder(tf.float32)",
        "tf.constant([[1.0, 0.0]])",
        "tf.constant(np.eye(3)[y])",
        "tf.cast(tf.one_hot(x, 3), tf.float32)",
        "tf.cast(tf.one_hot(x, 3), dtype=tf.float32)",
        "tf.reshape(tf.one_hot(x, 3), [-1, 3])",
        "tf.stack([tf.one_hot(x, 3), tf.one_hot(y, 3)])",
        "tf.one_hot(x, 3) * 0.9 + 0.1 / 3",
        "tf.one_hot(x, 3)[:, 1:]",
        "tf.one_hot(x, 3) if y else tf.zeros([3])",
        "np.eye(3)",
        "np.eye(3)[x]",
        "np.asarray(x)",
        "np.pi",
    ],
)
def test_cannot(expression: str) -> None:
    assert not may_carry(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "x",
        "x[0]",
        "self.labels",
        "-x",
        "[x]",
        "(1, x)",
        "f(x)",
        "x or y",
        "tf.nn.softmax(x)",
        "tf.Variable(1.0)",
        "tf.get_variable('x')",
        "tf.cast(x, tf.float32)",
        "tf.cast(x=x, dtype=tf.float32)",
        "tf.constant(x)",
        "tf.concat([tf.one_hot(x, 3), y], 0)",
        "tf.one_hot(x, 3) * (1 - x)",
        "tf.one_hot(x, 3) if y else x",
        "tf.where(x, y, z)",
        "tf.experimental.numpy.eye(3)",
        "one_hot(x, 3)",
        "np.asarray(x).f(y)",
        "tf.zeros_like(x).f(y)",
        "lambda: 0",
        "{'a': 1}",
        "tf.py_func(f, [], tf.float32)",
    ],
)
def test_may(expression: str) -> None:
    assert may_carry(expression)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("y = tf.one_hot(x, 3)", False),
        ("y = tf.one_hot(x, 3)\ny = tf.cast(y, tf.float32)", False),
        ("y = tf.one_hot(x, 3)\nz = y\ny = z * 2", False),
        ("y, z = tf.one_hot(x, 3), x", False),
        ("if x:\n    y = tf.one_hot(x, 3)\nelse:\n    y = np.eye(3)", False),
        ("y = tf.one_hot(x, 3)\ny = f(y)", True),
        ("y = tf.one_hot(x, 3)\ny += logits", True),
        ("if x:\n    y = tf.one_hot(x, 3)\nelse:\n    y = x", True),
        ("z, y = tf.one_hot(x, 3), x", True),
        ("y, z = f(x)", True),
        ("for y in ys: pass", True),
        ("with f() as y: pass", True),
        ("from labels import y", True),
        ("def y(): pass", True),
        # Tensors may have been put into it.
        ("y = []\ny.append(logits)", True),
    ],
)
def test_names(before: str, expected: bool) -> None:
    assert may_carry("y", before) == expected


def test_parameters_and_outer_names() -> None:
    module = Module(
        f"{IMPORTS}hot = tf.one_hot(x, 3)\n\n\n"
        "def f(y):\n    return tf.stack([y]), tf.stack([hot])\n"
    )
    result = module.tree.body[-1].body[0].value  # type: ignore[attr-defined]
    assert [may_carry_gradient(module, each) for each in result.elts] == [True, False]


def test_attributes() -> None:
    source = f"{IMPORTS}class M:\n    def f(self):\n        self.y = {{}}\n        return self.y\n"
    for value, expected in [
        ("tf.placeholder(tf.float32)", False),
        ("tf.one_hot(self.y, 3)", False),
        ("net(x)", True),
        ("[]", True),
    ]:
        module = Module(source.format(value))
        node = module.tree.body[-1].body[0].body[-1].value  # type: ignore[attr-defined]
        attributes = Attributes(module, Surroundings())
        assert may_carry_gradient(module, node, attributes) == expected
        assert may_carry_gradient(module, node)


def test_the_same_name_in_another_scope() -> None:
    module = Module(f"{IMPORTS}y = f(x)\nz = y\ndef g():\n    y = z\n    return y\n")
    node = module.tree.body[-1].body[-1].value  # type: ignore[attr-defined]
    assert may_carry_gradient(module, node)


def test_many_names_of_one_another() -> None:
    """Whose ways through are without number."""
    names = [f"y{number}" for number in range(40)]
    before = "\n".join(f"{one} = {other}" for one in names for other in names)
    assert not may_carry("y0", f"{before}\ny7 = tf.one_hot(x, 3)")


def test_bound_by_nonlocal() -> None:
    """What an inner function does to a name is seen, whichever of them comes first."""
    module = Module(
        f"{IMPORTS}\n\ndef f():\n    def g():\n        nonlocal y\n        y = logits\n"
        "    y = tf.one_hot(x, 3)\n    g()\n    return y\n"
    )
    result = module.tree.body[-1].body[-1].value  # type: ignore[attr-defined]
    assert may_carry_gradient(module, result)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import tensorflow as tf\ntf.nn.{}(labels=y, logits=x)", "tf.stop_gradient"),
        ("import tensorflow as tf\ntf.compat.v1.nn.{}(labels=y)", "tf.compat.v1.stop_gradient"),
        ("import tensorflow\ntensorflow.nn.{}(labels=y)", "tensorflow.stop_gradient"),
        ("from tensorflow import nn\nnn.{}(labels=y)", None),
        ("import tensorflow as t\nfrom tensorflow import nn\nnn.{}(labels=y)", "t.stop_gradient"),
        ("from tensorflow import nn\n\n\ndef f(tf):\n    nn.{}(labels=y)", None),
        (
            "import tensorflow as tf\nfrom tensorflow import nn\n\n\ndef f(tf):\n"
            "    nn.{}(labels=y)",
            None,
        ),
        (
            "from tensorflow import nn\n\n\ndef f():\n    import tensorflow as tf\n"
            "    nn.{}(labels=y)",
            None,
        ),
    ],
)
def test_stop_gradient_edits(source: str, expected: str | None) -> None:
    source = source.format("softmax_cross_entropy_with_logits")
    module = Module(source)
    edits = stop_gradient_edits(module, Attributes(module, Surroundings()), module.calls[0])
    if expected is None:
        assert edits is None
    else:
        assert edits is not None
        assert apply(source, edits) == source.replace("labels=y", f"labels={expected}(y)")


def test_nothing_to_stop() -> None:
    module = Module(
        "import tensorflow as tf\ntf.nn.softmax_cross_entropy_with_logits(labels=[1.0])"
    )
    assert stop_gradient_edits(module, Attributes(module, Surroundings()), module.calls[0]) == ()
