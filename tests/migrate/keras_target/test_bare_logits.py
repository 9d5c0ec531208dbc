"""Logits without what Keras leaves on a tensor: where `tf.identity` stands; that it is enough."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import modes
import numpy as np
import processes
import pytest
import tensorflow as tf
from migrate import executing
from migrate.tools import ported

from keras_xent._keras import IS_KERAS_3
from keras_xent_cli.migrate.keras_target import bare_logits
from keras_xent_cli.migrate.keras_target.surroundings import Surroundings
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.source.attributes import Attributes

IMPORTS = """\
import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1
from tensorflow import keras
from tensorflow.contrib import slim
"""


def may_carry(expression: str, before: str = "") -> bool:
    module = Module(f"{IMPORTS}{before}\nRESULT = {expression}\n")
    value = module.tree.body[-1].value  # type: ignore[attr-defined]
    return bare_logits.may_carry(module, Attributes(module, Surroundings()), value)


@pytest.mark.parametrize(
    "expression",
    [
        "tf.matmul(x, w) + b",
        "x @ w",
        "-x",
        "[x, y]",
        "tf.nn.xw_plus_b(x, w, b)",
        "tf1.matmul(x, w)",
        "tf.reshape(tf.nn.softmax(x), [-1, 3])",
        "tf.placeholder(tf.float32)",
        "tf.identity(x)",
        "x[:, 0]",
        "x[1:]",
        "tf.matmul(x, w) if y else x * 2",
    ],
)
def test_bare(expression: str) -> None:
    assert not may_carry(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "x",
        "+x",
        "f(x)",
        "self.logits",
        "outputs[0]",
        "outputs['logits']",
        "tf.nn.softmax(x)",
        "tf.nn.sigmoid(x)",
        "tf.cast(x, tf.float32)",
        "tf.to_float(x)",
        "tf.convert_to_tensor(x)",
        "tf.stack(x)",
        "tf.nn.dropout(x, rate=0.0)",
        # These are layers, which hand on a mask.
        "tf.layers.dense(x, 3)",
        "keras.layers.add([x, y])",
        "keras.layers.Dense(3)(x)",
        # In an arg_scope it may have any activation.
        "slim.fully_connected(x, 3)",
        "tf.matmul(x, w) if y else x",
        "model(x)",
        "tf.keras.Sequential.from_config(c)(x)",
        "tf.import_graph_def(g, {'x': x}, ['out:0'])[0]",
        "x.add(y)",
    ],
)
def test_may_carry(expression: str) -> None:
    assert may_carry(expression)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("y = tf.matmul(x, w)", False),
        ("y = tf.matmul(x, w)\ny += b", False),
        ("y = tf.matmul(x, w)\nz = y\ny = z", False),
        ("if x:\n    y = tf.matmul(x, w)\nelse:\n    y = x @ w", False),
        ("if x:\n    y = tf.matmul(x, w)\nelse:\n    y = f(x)", True),
        ("y, z = f(x)", True),
        ("for y in ys: pass", True),
        ("def y(): pass", True),
        ("from network import y", True),
        ("y = y", False),  # bound to nothing that runs
    ],
)
def test_names(before: str, expected: bool) -> None:
    assert may_carry("y", before) == expected


def test_names_of_other_scopes() -> None:
    """The same name in another scope is another variable."""
    module = Module(f"{IMPORTS}y = tf.nn.softmax(x)\nz = y\ndef f():\n    y = z\n    return y\n")
    value = module.tree.body[-1].body[-1].value  # type: ignore[attr-defined]
    assert bare_logits.may_carry(module, Attributes(module, Surroundings()), value)


def test_attributes() -> None:
    source = f"{IMPORTS}class M:\n    def f(self):\n        self.y = {{}}\n        return self.y\n"
    for value, expected in [("tf.matmul(x, w)", False), ("net(x)", True)]:
        module = Module(source.format(value))
        node = module.tree.body[-1].body[0].body[-1].value  # type: ignore[attr-defined]
        attributes = Attributes(module, Surroundings())
        assert bare_logits.may_carry(module, attributes, node) == expected


def test_many_names_of_one_another() -> None:
    """Whose ways through are without number."""
    names = [f"y{number}" for number in range(40)]
    before = "\n".join(f"{one} = {other}" for one in names for other in names)
    assert not may_carry("y0", f"{before}\ny7 = x * 2")


def test_no_name_for_tensorflow() -> None:
    source = (
        "from tensorflow.nn import softmax_cross_entropy_with_logits_v2 as loss\n"
        "z = loss(labels=y, logits=x)\n"
    )
    _, (finding,) = ported(source, "keras")
    assert "its logits need tf.identity, but TensorFlow isn't imported" in finding.message


def test_only_where_it_may_be_needed() -> None:
    source = (
        "import tensorflow.compat.v1 as tf1\n"
        "def f(y, x):\n    return tf1.losses.sigmoid_cross_entropy(y, {})\n"
    )
    new, (finding,) = ported(source.format("x"), "keras")
    assert "y_pred=tf1.identity(x))" in new
    assert "tf.identity removes what Keras may have attached to the logits" in finding.message
    new, (finding,) = ported(source.format("x * 2"), "keras")
    assert "identity" not in new + finding.message


def test_yield() -> None:
    source = (
        "import tensorflow as tf\n"
        "def f(y):\n    return tf.losses.softmax_cross_entropy((yield), (yield y))\n"
    )
    new, _ = ported(source, "keras")
    assert "y_true=(tf.stop_gradient((yield))), y_pred=(tf.identity((yield y))))" in new


# How each of the functions that may stand there makes a tensor of its own.
MAKERS: dict[str, Callable[..., Any]] = {
    "add": lambda f, x: f(x, 0.0),
    "bias_add": lambda f, x: f(x, tf.zeros(3)),
    "concat": lambda f, x: f([x], 0),
    "conv2d": lambda f, x: f(x[:, None, None], tf.eye(3)[None, None], [1, 1, 1, 1], "SAME"),
    "div": lambda f, x: f(x, 1.0),
    "divide": lambda f, x: f(x, 1.0),
    "einsum": lambda f, x: f("ij->ij", x),
    "expand_dims": lambda f, x: f(x, -1),
    "gather": lambda f, x: f(x, [0, 1]),
    "gather_nd": lambda f, x: f(x, [[0], [1]]),
    "matmul": lambda f, x: f(x, tf.eye(3)),
    "maximum": lambda f, x: f(x, x),
    "minimum": lambda f, x: f(x, x),
    "multiply": lambda f, x: f(x, 1.0),
    "reduce_max": lambda f, x: f(x, axis=[]),
    "reduce_mean": lambda f, x: f(x, axis=[]),
    "reduce_sum": lambda f, x: f(x, axis=[]),
    "reshape": lambda f, x: f(x, [2, 3]),
    "scalar_mul": lambda f, x: f(1.0, x),
    "sparse_tensor_dense_matmul": lambda f, x: f(tf.sparse.from_dense(tf.eye(2)), x),
    "subtract": lambda f, x: f(x, 0.0),
    "tensordot": lambda f, x: f(x, tf.eye(3), 1),
    "tile": lambda f, x: f(x, [1, 1]),
    "where": lambda f, x: f(x > 0, x, x),
    "xw_plus_b": lambda f, x: f(x, tf.eye(3), tf.zeros(3)),
}
# What makes a tensor of nothing, or what only TensorFlow 1 has under these names.
NO_TENSOR = {"get_variable", "placeholder", "mul", "sub"}


@pytest.mark.parametrize("mode", ["eager", "traced", "tf1_graph"])
def test_makers(mode: str) -> None:
    tf1 = tf.compat.v1

    def try_all(x: tf.Tensor) -> tf.Tensor:
        for name in sorted(bare_logits._MAKERS - NO_TENSOR):
            found = [getattr(each, name, None) for each in (tf1, tf1.nn, tf1.math, tf1.linalg)]
            for function in filter(None, found):
                logits = tf.nn.softmax(x)
                logits._keras_logits = logits._keras_mask = x
                made = MAKERS.get(name, lambda f, x: f(x))(function, logits)
                assert made is not logits, name
                assert not hasattr(made, "_keras_logits"), name
                assert not hasattr(made, "_keras_mask"), name
                assert mode == "eager" or made.op.type not in ("Softmax", "Sigmoid"), name
        return x

    convert = tf.autograph.experimental.do_not_convert(try_all)
    modes.MODES[mode](convert, np.ones([2, 3], np.float32))


# Programs in which the logits have something of Keras's.

BEGINNING = """\
import importlib
import tensorflow as tf

keras = importlib.import_module("tensorflow").keras
masking = keras.layers.Masking()
softmax = keras.Sequential.from_config(
    keras.Sequential([keras.layers.Activation("softmax")]).get_config())
graph = tf.Graph()
with graph.as_default():
    tf.nn.softmax(tf.placeholder(tf.float32, None, "x"), name="p")


def masked(x):
    x = tf.expand_dims(x, 1) * tf.constant([[[1.0]], [[1.0]], [[0.0]], [[1.0]]])
    return masking(x)


def imported(x):
    return tf.import_graph_def(graph.as_graph_def(), {"x:0": x}, ["p:0"])[0]


def network(x):
    return LOGITS


def loss(labels, x, weights):
    logits = network(x)
    return CALL
"""
LOGITS = {
    "activation": "keras.activations.softmax(x)",
    "layer": "softmax(x)",
    "nn": "tf.nn.softmax(x)",
    "imported": "imported(x)",
    "sigmoid": "keras.activations.sigmoid(x)",
    "nn.sigmoid": "tf.nn.sigmoid(x)",
    "mask": "masked(x)",
}
CALLS = {
    "dense": "tf.losses.softmax_cross_entropy(labels, logits, weights)",
    "dense nn": "tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)",
    "ids": "tf.losses.sparse_softmax_cross_entropy(tf.argmax(labels, -1), logits, weights)",
    "sigmoid": "tf.losses.sigmoid_cross_entropy(labels, logits, 0.3)",
}
CASES = [
    ("activation", "dense"),
    ("layer", "ids"),
    ("nn", "dense nn"),
    ("imported", "ids"),
    ("sigmoid", "sigmoid"),
    ("nn.sigmoid", "sigmoid"),
    *(("mask", call) for call in ("dense", "dense nn", "ids", "sigmoid")),
]
# Where a loss object undoes it in graphs alone.
GRAPHS_ALONE = ("nn", "imported", "nn.sigmoid")


def program(logits: str, call: str) -> str:
    text = BEGINNING.replace("LOGITS", LOGITS[logits]).replace("CALL", CALLS[call])
    if logits == "mask":
        text = text.replace(
            "def loss(labels, x, weights):\n",
            "def loss(labels, x, weights):\n"
            "    labels, weights = labels[:, None], weights[:, None]\n",
        )
    return text


@pytest.mark.filterwarnings("ignore:.*from_logits=True, but y_pred is the output")
@pytest.mark.parametrize(("logits", "call"), CASES)
def test_identity_is_enough(logits: str, call: str) -> None:
    """Value and gradients are TF1's; and without `tf.identity` they are not."""
    before = program(logits, call)
    after, _ = ported(before, "keras")
    without = after.replace("y_pred=tf.identity(logits)", "y_pred=logits")
    assert without != after
    arrays = executing.inputs()
    # Under XLA, Keras finds the same as in any other trace.
    all_modes = ["traced", "tf1_graph" if logits in GRAPHS_ALONE else "eager"]
    for mode in all_modes:
        theirs = executing.results(before, arrays, mode)
        executing.assert_same(executing.results(after, arrays, mode), theirs)
        if mode != "tf1_graph":
            wrong = executing.results(without, arrays, mode)
            assert not np.allclose(wrong[0], theirs[0], rtol=1e-3), mode


def test_arg_scope() -> None:
    """A softmax that the layer's call doesn't show."""
    before = """\
import tensorflow as tf
from tensorflow.contrib import slim


def loss(labels, x, weights):
    with slim.arg_scope([layer], activation_fn=tf.nn.softmax):
        logits = layer(x)
    return tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)


@slim.add_arg_scope
def layer(x, activation_fn=None):
    return activation_fn(x) if activation_fn else x
"""
    after, _ = ported(before, "keras")
    assert "y_pred=tf.identity(logits))" in after
    executing.check_same(before, [after], run_in=["eager", "traced"])


# A loss function that Keras calls, on an output with a mask, out of a softmax.
LOSS_FUNCTION = """\
import tensorflow as tf


def loss(labels, logits):
    return tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)
"""


@pytest.mark.filterwarnings("ignore:.*from_logits=True, but y_pred is the output")
def test_fit() -> None:
    after, _ = ported(LOSS_FUNCTION, "keras")
    without = after.replace("tf.identity(logits)", "logits")
    random = np.random.RandomState(0)
    x = random.normal(size=(4, 2, 5)).astype("f")
    x[1, 1] = 0.0
    y = np.eye(3, dtype="f")[random.randint(3, size=(4, 2))]
    kernel = random.normal(size=(5, 3)).astype("f")

    def trained(source: str) -> np.ndarray:
        layers = tf.keras.layers
        model = tf.keras.Sequential(
            [layers.Masking(), layers.Dense(3, activation="softmax", use_bias=False)]
        )
        model.compile("sgd", loss=executing.program(source)["loss"])
        model.build([4, 2, 5])
        model.set_weights([kernel])
        model.fit(x, y, batch_size=2, epochs=2, shuffle=False, verbose=0)
        return np.asarray(model.get_weights()[0])

    theirs = trained(LOSS_FUNCTION)
    np.testing.assert_allclose(trained(after), theirs, rtol=1e-5)
    assert not np.allclose(trained(without), theirs, rtol=1e-3)


@pytest.mark.skipif(IS_KERAS_3, reason="about Keras 2")
@pytest.mark.parametrize("mode", ["functional", "graphs"])
def test_in_keras_2(mode: str) -> None:
    """In functional models, whose tensors are symbolic, and with eager execution off."""
    after, _ = ported(LOSS_FUNCTION, "keras")
    script = Path(__file__).with_name("identity_in_keras2.py")
    texts = [executing.as_tf2(text) for text in (LOSS_FUNCTION, after)]
    printed = processes.printed_by([str(script), mode, *texts])
    assert printed.splitlines() == ["the same", "without tf.identity another"]
