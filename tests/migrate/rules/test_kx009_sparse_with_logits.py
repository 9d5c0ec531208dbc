"""KX009."""

from __future__ import annotations

import pytest
from migrate import executing
from migrate.tools import (
    TARGETS,
    check_flagged,
    check_loss_object,
    check_noop,
    check_stays_v1,
    check_transformed,
    ported,
)

NAME = "sparse_softmax_cross_entropy_with_logits"
TF1 = "import tensorflow.compat.v1 as tf"
IDS = "tf.argmax(labels, -1)"
CALLS = [
    f"(labels={IDS}, logits=logits)",
    f"(logits=logits, labels={IDS})",
    f"(labels=tf.cast({IDS}, tf.int32), logits=logits)",
    f"(\n        labels={IDS},  # ids\n        logits=logits,\n    )",
    f"(labels={IDS}, logits=logits, name=None)",
]


def call(arguments: str, imports: str = TF1, name: str = "tf.nn.") -> str:
    return (
        f"{imports}\n\n\ndef loss(labels, logits, weights):\n    return {name}{NAME}{arguments}\n"
    )


@pytest.mark.parametrize("imports", [TF1, "import tensorflow as tf"])
@pytest.mark.parametrize("arguments", CALLS)
def test_calls(arguments: str, imports: str) -> None:
    """Of keywords it is the same function in TF1 and TF2."""
    before = call(arguments, imports)
    new, findings = ported(before)
    assert f"keras_xent.v1.{NAME}{arguments}" in new
    assert [finding.rule for finding in findings] == ["KX009"]
    assert ported(new) == (new, ())
    executing.check_same(before, [new])
    new = check_loss_object(before)
    assert (
        "SparseCategoricalCrossentropy(from_logits=True, reduction=keras_xent.Reduction.NONE)("
        in new
    )


def test_rank_3() -> None:
    check_loss_object(call(CALLS[0]), shape=(2, 3, 4))


@pytest.mark.parametrize(
    ("imports", "name"),
    [
        ("import tensorflow as tf", "tf.compat.v1.nn."),
        ("import tensorflow as tf\nfrom tensorflow import nn", "nn."),
        ("import tensorflow as tf\nfrom tensorflow.python.ops import nn_ops", "nn_ops."),
        (f"import tensorflow as tf\nfrom tensorflow.nn import {NAME}", ""),
    ],
)
def test_imports(imports: str, name: str) -> None:
    before = call(CALLS[0], imports, name)
    new, _ = ported(before)
    assert f"return keras_xent.v1.{NAME}(" in new
    executing.check_same(before, [new])


def test_averaged_in_the_next_line() -> None:
    check_transformed(
        """\
        import tensorflow as tf

        def loss(labels, logits, weights):
            xentropy = tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels=tf.argmax(labels, 1), logits=logits)
            return tf.reduce_mean(xentropy)
        """,
        """\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            xentropy = keras_xent.SparseCategoricalCrossentropy(from_logits=True, \
reduction=keras_xent.Reduction.NONE)(
                y_true=tf.argmax(labels, 1), y_pred=tf.identity(logits))
            return tf.reduce_mean(xentropy)
        """,
        "keras",
        codes=["KX009"],
    )


def test_stays_v1() -> None:
    check_stays_v1(call(f"(labels={IDS}, logits=logits, name='x')"), "a loss object has no name=")


@pytest.mark.parametrize("target", TARGETS)
def test_its_first_argument_is_kept(target: str) -> None:
    new, _ = ported(call("(_sentinel=None, labels=y, logits=x)"), target)
    assert ("_sentinel" in new) == (target == "v1")
    assert "keras_xent" in new


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("z = tf.nn.{}(x, y)", "TF1 raises an error for positional arguments (TensorFlow 0"),
        ("z = tf.nn.{}(x, labels=y)", "positional arguments"),
        ("z = tf.nn.{}(logits=x, targets=y)", "'targets' isn't one of its arguments"),
        ("f = tf.nn.{}\nz = f(x, y)", "positional arguments"),
    ],
)
def test_flagged(line: str, message: str, target: str) -> None:
    source = f"{TF1}\n{line.format(NAME)}\n"
    check_flagged(source, "KX009", message, target=target)
    assert f"keras_xent.v1.{NAME}(" not in ported(source, target)[0]


def test_perhaps_tf2() -> None:
    """TF2's takes the labels first."""
    source = f"import tensorflow as tf\nz = tf.nn.{NAME}(y, x)\n"
    check_noop(source)
    check_flagged(source + "s = tf.Session()\n", "KX009", "positional arguments")
    source = f"import tensorflow as tf\nf = tf.nn.{NAME}\n"
    check_flagged(source, "KX009", "neither this file nor the files next to it show")
    check_noop(source + "t = tf.function\n")  # which takes it as TF2 does
    source += "s = tf.Session()\n"
    check_flagged(source, "KX009", "passed as an argument or assigned", line=2)
    assert ported(source)[0] == source
    assert f"keras_xent.v1.{NAME}" in ported(source + "z = f(labels=y, logits=x)\n")[0]


def test_noop() -> None:
    check_noop(f"import tensorflow.compat.v2 as tf\nz = tf.nn.{NAME}(labels=y, logits=x)\n")
    check_noop(f"import mesh_tensorflow as mtf\nz = mtf.layers.{NAME}(x, y)\n")
