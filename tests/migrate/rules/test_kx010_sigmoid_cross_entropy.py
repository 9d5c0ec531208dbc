"""KX010."""

from __future__ import annotations

import pytest
from migrate import executing
from migrate.tools import TARGETS, check_loss_object, check_stays_v1, check_transformed, ported

NAME = "sigmoid_cross_entropy"
TF = "import tensorflow as tf\n\nHALF = 0.5"
COLUMN = "weights[:, None]"
# Of which the loss object's mean is TF1's.
MEANS = [
    "(labels, logits)",
    "(labels, logits, 0.4)",
    "(labels, logits, weights=HALF)",
    "(labels, logits, -HALF * 2)",
    "(labels, logits, tf.constant(0.3))",
    "(multi_class_labels=labels, logits=logits, label_smoothing=0.1)",
    "(logits=logits, multi_class_labels=labels)",
    "(labels, logits, 1.0, 0.1)",
    "(labels, logits, 2.0, reduction=tf.losses.Reduction.MEAN)",
    "(labels, logits, 2.0, reduction=tf.losses.Reduction.SUM_OVER_BATCH_SIZE)",
    "(labels, logits, 2.0, reduction='weighted_mean')",
    "(tf.cast(labels, tf.int32), logits)",
    # TF1 sends a gradient into the labels here, and so does the loss object.
    "(labels + 0.1 * logits, logits)",
]
OTHERS = [
    (f"(labels, logits, {COLUMN})", "the weights may differ between elements"),
    ("(labels, logits, tf.abs(logits))", "the weights may differ between elements"),
    ("(labels, logits, tf.constant([[0.3]]))", "the weights may differ"),
    ("(labels, logits, tf.constant(0.3, shape=[1, 3]))", "the weights may differ"),
    ("(labels, logits, reduction=tf.losses.Reduction.SUM)", "sum is TF1's sum divided by the size"),
    ("(labels, logits, reduction=tf.losses.Reduction.NONE)", "it can't return the loss of each"),
    ("(labels, logits, reduction=REDUCTION)", "the source doesn't show the reduction"),
    ("(labels, logits, scope='x')", "a loss object has no scope="),
    (f"(labels, logits, {COLUMN}, reduction='weighted_sum')", "the weights may differ"),
]


def call(arguments: str, imports: str = TF, name: str = "tf.losses.") -> str:
    return (
        f"{imports}\nREDUCTION = 'weighted_mean'\n\n\ndef loss(labels, logits, weights):\n"
        f"    return {name}{NAME}{arguments}\n"
    )


@pytest.mark.parametrize("arguments", MEANS)
def test_means(arguments: str) -> None:
    before = call(arguments)
    new, _ = ported(before)
    assert f"return keras_xent.v1.{NAME}(" in new
    executing.check_same(before, [new])
    assert "BinaryCrossentropy(from_logits=True, " in check_loss_object(before)


@pytest.mark.parametrize(("arguments", "reason"), OTHERS)
def test_stays_v1(arguments: str, reason: str) -> None:
    check_stays_v1(call(arguments), reason)


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), (4, 1)])
def test_ranks(shape: tuple) -> None:
    check_loss_object(call("(labels, logits, 0.5)"), shape=shape)


@pytest.mark.parametrize(
    ("imports", "name"),
    [
        (TF, "tf.compat.v1.losses."),
        (f"{TF}\nfrom tensorflow import losses", "losses."),
        (f"{TF}\nfrom tensorflow.python.ops.losses import losses_impl", "losses_impl."),
        (f"{TF}\nfrom tensorflow.losses import {NAME} as f", ""),
    ],
)
def test_imports(imports: str, name: str) -> None:
    before = call(f"(labels, logits, {COLUMN})", imports, name)
    before = before if name else before.replace(f"return {NAME}", "return f")
    new, findings = ported(before)
    assert f"return keras_xent.v1.{NAME}(labels, logits, {COLUMN})\n" in new
    assert [finding.rule for finding in findings] == ["KX010"]
    executing.check_same(before, [new])


def test_transformed() -> None:
    check_transformed(
        """\
        import tensorflow as tf

        def loss(labels, logits, weights):
            return tf.losses.sigmoid_cross_entropy(
                labels, logits, label_smoothing=0.1)
        """,
        """\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            return keras_xent.BinaryCrossentropy(from_logits=True, label_smoothing=0.1, \
reduction=keras_xent.Reduction.SUM_BY_NONZERO_WEIGHTS)(
                y_true=labels, y_pred=tf.identity(logits))
        """,
        "keras",
        codes=["KX010"],
    )


@pytest.mark.parametrize("target", TARGETS)
def test_handed_on(target: str) -> None:
    before = (
        f"{TF}\nf = tf.losses.{NAME}\n\n\ndef loss(labels, logits, weights):\n"
        f"    return f(labels, logits, {COLUMN}, reduction='none')\n"
    )
    new, _ = ported(before, target)
    assert f"f = keras_xent.v1.{NAME}\n" in new
    executing.check_same(before, [new])
