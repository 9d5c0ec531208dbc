"""The dtype of logits: what the text shows, and the loss object that is told."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from migrate import executing
from migrate.tools import check_stays_v1, ported

from keras_xent._keras import IS_KERAS_3
from keras_xent_cli.migrate.keras_target.dtypes import UNKNOWN, dtypes
from keras_xent_cli.migrate.keras_target.surroundings import Surroundings
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.source.attributes import Attributes

IMPORTS = """\
import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1
from tensorflow import keras
"""


def shown(expression: str, before: str = "") -> set[str]:
    module = Module(f"{IMPORTS}{before}\nRESULT = {expression}\n")
    value = module.tree.body[-1].value  # type: ignore[attr-defined]
    return set(dtypes(module, Attributes(module, Surroundings()), value))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("tf.cast(x, tf.float64)", "float64"),
        ("tf.cast(x, dtype=tf.float64)", "float64"),
        ("tf.cast(x, 'float64')", "float64"),
        ("tf.cast(x, np.float64)", "float64"),
        ("tf1.cast(x, tf1.double)", "float64"),
        ("tf.cast(x, tf.half)", "float16"),
        ("tf.cast(x, tf.bfloat16)", "bfloat16"),
        ("tf.to_double(x)", "float64"),
        ("tf.to_bfloat16(x)", "bfloat16"),
        ("tf.to_float(tf.cast(x, tf.float64))", "float32"),
        ("tf.cast(tf.cast(x, tf.float64), tf.float32)", "float32"),
        ("tf.placeholder(tf.float64, [None, 3])", "float64"),
        ("tf.placeholder('float64')", "float64"),
        ("tf.placeholder(shape=[3], dtype='float64')", "float64"),
        ("tf.constant(x, tf.float64)", "float64"),
        ("tf.get_variable('x', [3], tf.float64)", "float64"),
        ("tf.matmul(tf.cast(x, tf.float64), w)", "float64"),
        ("tf.matmul(x, w) + tf.cast(b, tf.float64)", "float64"),
        ("tf.reshape(tf.cast(x, tf.float64), [-1, 3])", "float64"),
        ("tf.concat([tf.cast(x, tf.float64), y], 0)", "float64"),
        ("-tf.cast(x, tf.float64)[:, 0]", "float64"),
        ("x.astype(np.float16)", "float16"),
        ("x.astype('float32')", "float32"),
        ("np.random.rand(4, 3)", "float64"),
        ("np.zeros([4, 3])", "float64"),
        ("np.array([[1.0, 2]])", "float64"),
        ("np.asarray([[1, -2.0]], dtype=np.float32)", "float32"),
        # An array takes the dtype of the tensor beside it.
        ("tf.cast(x, tf.float32) * np.zeros([4, 3])", "float32"),
    ],
)
def test_shown(expression: str, expected: str) -> None:
    assert shown(expression) == {expected}


@pytest.mark.parametrize(
    "expression",
    [
        "x",
        "x * 2.0",
        "[[1.0, 2.0]]",
        "tf.matmul(x, w)",
        "tf.cast(x, y.dtype)",
        "tf.cast(tf.cast(x, tf.float64), y.dtype)",
        "np.array(x)",
        "np.array([[1, 2]])",
        "np.zeros([4, 3], dtype)",
        "np.zeros([4, 3], dtype=dtype)",
        "x * np.zeros([4, 3])",
        "tf.matmul(x, np.zeros([4, 3]))",
        "tf.constant('float64')",
        "keras.layers.Dense(3)(x)",
    ],
)
def test_not_shown(expression: str) -> None:
    assert shown(expression) == {UNKNOWN}


@pytest.mark.parametrize(
    "expression",
    [
        "f(x, tf.float64)",
        "f(x, dtype='float64')",
        "tf.layers.dense(tf.cast(x, tf.float64), 3)",
        "keras.layers.Dense(3, dtype='float64')(x)",
        "tf.cast(x, tf.float64) if y else x",
    ],
)
def test_perhaps(expression: str) -> None:
    assert shown(expression) == {"float64", UNKNOWN}


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("y = tf.cast(x, tf.float64)", {"float64"}),
        ("y = tf.cast(x, tf.float64)\ny = tf.matmul(y, w)", {"float64"}),
        ("y = tf.cast(x, tf.float64)\ny = tf.cast(y, tf.float32)", {"float32", "float64"}),
        ("y = tf.cast(x, tf.float64)\ny += b", {"float64", UNKNOWN}),
        ("y = x\ny = y", {UNKNOWN}),
        ("y = x\ny = y * 2.0", {UNKNOWN}),
        ("y = tf.cast(x, tf.float64)\nz = y * 2.0\ny = z", {"float64"}),
        ("for y in x: pass", {UNKNOWN}),
    ],
)
def test_names(before: str, expected: set[str]) -> None:
    assert shown("y", before) == expected


def test_attributes() -> None:
    module = Module(
        f"{IMPORTS}class M:\n    def f(self):\n        self.y = tf.placeholder(tf.float64)\n"
        "        return self.y\n"
    )
    node = module.tree.body[-1].body[0].body[-1].value  # type: ignore[attr-defined]
    assert dtypes(module, Attributes(module, Surroundings()), node) == {"float64"}


def test_many_names_of_one_another() -> None:
    names = [f"y{number}" for number in range(40)]
    before = "\n".join(f"{one} = {other}" for one in names for other in names)
    assert shown("y0", f"{before}\ny7 = tf.cast(x, tf.float64)") >= {"float64"}


CALLS = {
    "dense": "tf.losses.softmax_cross_entropy(labels, logits, weights, 0.1)",
    "dense nn": "tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)",
    "ids": "tf.losses.sparse_softmax_cross_entropy(tf.argmax(labels, -1), logits, weights)",
    "sigmoid": "tf.losses.sigmoid_cross_entropy(labels, logits, 0.3, 0.1)",
}
LOSS = """\
import tensorflow as tf


def loss(labels, x, weights):
    logits = tf.cast(x, tf.{})
    y = tf.cast(labels, tf.{})
    return {}
"""


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16"])
@pytest.mark.parametrize("call", CALLS)
def test_the_loss_object_is_told(call: str, dtype: str) -> None:
    """Its result has the dtype of TF1's, and the same numbers, as far as they are exact."""
    before = LOSS.format(dtype, dtype, CALLS[call])
    after, (finding,) = ported(before, "keras")
    assert f', dtype="{dtype}")(' in after
    assert f"the loss object computes in {dtype}, the dtype of the logits" in finding.message
    tolerance = {"float64": 1e-6, "float16": 2e-3, "bfloat16": 2e-2}[dtype]
    theirs = value_and_gradients(before)
    ours = value_and_gradients(after)
    assert ours[0].dtype == theirs[0].dtype == dtype
    for our, their in zip(ours, theirs):
        our, their = (tf.cast(each, tf.float64) for each in (our, their))
        np.testing.assert_allclose(our, their, rtol=tolerance, atol=tolerance)
    # Were it not told, it would compute in another: in Keras 3, whose default is float32.
    (untold, *_) = value_and_gradients(after.replace(f', dtype="{dtype}"', ""))
    assert (untold.dtype == dtype) != IS_KERAS_3


def value_and_gradients(source: str) -> list[tf.Tensor]:
    loss = executing.program(source)["loss"]
    tensors = [tf.constant(array) for array in executing.inputs()]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = loss(*tensors)
    return [value, *tape.gradient(value, tensors, unconnected_gradients="zero")]


def test_one_of_several() -> None:
    source = (
        "import tensorflow as tf\nwide = True\n\n\ndef loss(labels, logits, weights):\n"
        "    x = tf.cast(logits, tf.float64) if wide else logits\n"
        "    return tf.losses.softmax_cross_entropy(labels, x)\n"
    )
    check_stays_v1(source, "its logits may be float64 or another dtype, but a loss object")


@pytest.mark.parametrize(("dtype", "told"), [("float32", True), ("bfloat16", True), ("d", False)])
def test_beside_another_floatx(dtype: str, told: bool) -> None:
    """What is told a dtype doesn't ask for Keras's."""
    source = (
        "import tensorflow as tf\ntf.keras.backend.set_floatx('float16')\n"
        f"def f(y, x):\n    return tf.losses.softmax_cross_entropy(y, tf.cast(x, tf.{dtype}))\n"
    )
    new, _ = ported(source, "keras")
    assert (f'dtype="{dtype}")(' in new) == told
    assert ("keras_xent.v1" in new) != told
