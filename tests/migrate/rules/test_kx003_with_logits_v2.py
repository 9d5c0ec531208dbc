"""KX003."""

from __future__ import annotations

import pytest
from migrate import executing
from migrate.tools import (
    TARGETS,
    check_loss_object,
    check_noop,
    check_not_found,
    check_stays_v1,
    check_transformed,
    ported,
)

NAME = "softmax_cross_entropy_with_logits_v2"

IMPORTS = [
    ("import tensorflow as tf", "tf.nn."),
    ("import tensorflow.compat.v1 as tf", "tf.nn."),
    ("import tensorflow as tf", "tf.compat.v1.nn."),
    ("import tensorflow.compat.v1 as tf1", "tf1.nn."),
    ("import tensorflow", "tensorflow.nn."),
    ("from tensorflow import nn", "nn."),
    ("from tensorflow.python.ops import nn", "nn."),
    ("from tensorflow.python.ops import nn_ops", "nn_ops."),
    (f"from tensorflow.nn import {NAME}", ""),
    ("import tensorflow as tf\n\nnn = tf.nn", "nn."),
]

CALLS = [
    "(labels, logits)",
    "(labels=labels, logits=logits)",
    "(logits=logits, labels=labels)",
    "(labels=labels, logits=logits, axis=-1)",
    "(labels=labels, logits=logits, axis=0)",
    "(labels, logits, 1)",
    "(labels=labels, logits=logits, dim=0)",
    "(labels=labels, logits=logits, name=None)",
    "(labels=tf.cast(labels, tf.int32), logits=logits)",
    # The gradient into the labels is TF1's as well.
    "(labels=labels + 0.1 * logits, logits=logits)",
]


def call(arguments: str, imports: str = "import tensorflow as tf", name: str = "tf.nn.") -> str:
    return (
        f"{imports}\n\n\ndef loss(labels, logits, weights):\n    return {name}{NAME}{arguments}\n"
    )


@pytest.mark.parametrize(("imports", "name"), IMPORTS)
def test_imports(imports: str, name: str) -> None:
    before = call("(labels=labels, logits=logits)", imports, name)
    new, findings = ported(before)
    assert f"    return keras_xent.v1.{NAME}(labels=labels, logits=logits)\n" in new
    assert [finding.rule for finding in findings] == ["KX003"]
    executing.check_same(before, [new, ported(before, "keras")[0]])


@pytest.mark.parametrize("arguments", CALLS)
def test_calls(arguments: str) -> None:
    before = call(arguments)
    new, _ = ported(before)
    assert f"tf.nn.{NAME}" not in new
    executing.check_same(before, [new])
    check_loss_object(before)


def test_ranks() -> None:
    check_loss_object(call("(labels, logits)"), shape=(3,))
    check_loss_object(call("(labels, logits, axis=1)"), shape=(2, 3, 4))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("(labels=labels, logits=logits, name='x')", "a loss object has no name="),
        ("(labels=labels, logits=logits, axis=None)", "it passes axis=None"),
        ("(labels=labels, logits=logits, axis=int('1'))", "axis= is computed in the call"),
        ("(*(labels, logits))", "it is called with *args"),
    ],
)
def test_stays_v1(arguments: str, reason: str) -> None:
    check_stays_v1(call(arguments), reason)


def test_commonest() -> None:
    before = """\
        import tensorflow as tf

        def loss(labels, logits, weights):
            cross_entropy = tf.nn.softmax_cross_entropy_with_logits_v2(
                labels=labels, logits=logits)
            return tf.reduce_mean(cross_entropy)
        """
    check_transformed(
        before,
        """\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            cross_entropy = keras_xent.v1.softmax_cross_entropy_with_logits_v2(
                labels=labels, logits=logits)
            return tf.reduce_mean(cross_entropy)
        """,
        codes=["KX003"],
    )
    check_transformed(
        before,
        """\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            cross_entropy = keras_xent.CategoricalCrossentropy(from_logits=True, \
reduction=keras_xent.Reduction.NONE)(
                y_true=labels, y_pred=tf.identity(logits))
            return tf.reduce_mean(cross_entropy)
        """,
        "keras",
        codes=["KX003"],
    )


@pytest.mark.parametrize("target", TARGETS)
def test_version_gates(target: str) -> None:
    before = """\
import tensorflow as tf

if hasattr(tf.nn, "softmax_cross_entropy_with_logits_v2"):
    f = tf.nn.softmax_cross_entropy_with_logits_v2
else:
    f = tf.nn.softmax_cross_entropy_with_logits

try:
    g = tf.nn.softmax_cross_entropy_with_logits_v2
except AttributeError:
    g = tf.nn.softmax_cross_entropy_with_logits

def loss(labels, logits, weights):
    return f(labels=labels, logits=logits) + g(labels=labels, logits=logits)
"""
    new, findings = ported(before, target)
    assert "f = keras_xent.v1.softmax_cross_entropy_with_logits_v2\nelse" in new
    assert "g = keras_xent.v1.softmax_cross_entropy_with_logits_v2\nexcept" in new
    assert [finding.rule for finding in findings] == ["KX108", "KX003", "KX004", "KX003", "KX004"]
    executing.check_same(before, [new])


def test_noop() -> None:
    check_noop("import tensorflow as tf\ntf.nn.sparse_softmax_cross_entropy_with_logits(y, x)\n")
    check_noop(f"import mesh_tensorflow as mtf\nmtf.layers.{NAME}(x, y)\n")
    check_not_found("import torch\ntorch.nn.softmax_cross_entropy_with_logits_v2(y, x)\n", "KX003")
