"""KX005: contrib's own functions, which the package tf_slim keeps, are the oracle."""

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

IMPORTS = [
    ("import tensorflow as tf", "tf.contrib.losses."),
    ("import tensorflow as tf", "tf.contrib.slim.losses."),
    ("import tensorflow as tf\n\nslim = tf.contrib.slim", "slim.losses."),
    ("import tensorflow as tf\nfrom tensorflow.contrib import slim", "slim.losses."),
    ("import tensorflow as tf\nimport tensorflow.contrib.slim as slim", "slim.losses."),
    ("import tensorflow as tf\nfrom tensorflow.contrib import losses", "losses."),
    ("import tensorflow as tf\nfrom tensorflow.contrib.losses import softmax_cross_entropy", ""),
    ("import tensorflow as tf\nimport tf_slim as slim", "slim.losses."),
    ("import tensorflow as tf\nfrom tf_slim.losses import loss_ops", "loss_ops."),
]

CALLS = [
    "(logits, labels)",
    "(logits, labels, weights)",
    "(logits, labels, weights, 0.1)",
    "(logits, labels, 0.4)",
    "(logits, onehot_labels=labels)",
    "(onehot_labels=labels, logits=logits, label_smoothing=0.1)",
    "(logits, labels, weights=weights, label_smoothing=0)",
    "(logits, labels, scope=None)",
    "(logits, tf.cast(labels, tf.int32), weights > 0)",
    "(logits, labels + 0.1 * logits)",
    "(logits, tf.abs(logits), weights)",
]


def call(
    arguments: str,
    imports: str = "import tensorflow as tf\nfrom tensorflow.contrib import slim",
    name: str = "slim.losses.",
) -> str:
    return (
        f"{imports}\n\n\ndef loss(labels, logits, weights):\n"
        f"    return {name}softmax_cross_entropy{arguments}\n"
    )


@pytest.mark.parametrize(("imports", "name"), IMPORTS)
def test_imports(imports: str, name: str) -> None:
    before = call("(logits, labels, weights)", imports, name)
    new, findings = ported(before)
    assert (
        "return keras_xent.v1.softmax_cross_entropy("
        "logits=logits, onehot_labels=labels, weights=weights)\n"
    ) in new
    # That `slim = tf.contrib.slim` is there too is KX109's.
    assert [each.rule for each in findings if each.rule != "KX109"] == ["KX005"]
    executing.check_same(before, [new, ported(before, "keras")[0]])


@pytest.mark.parametrize("arguments", CALLS)
def test_calls(arguments: str) -> None:
    before = call(arguments)
    new, _ = ported(before)
    assert "slim.losses" not in new
    executing.check_same(before, [new])
    check_loss_object(before)


OTHERS = [
    ("sparse_softmax_cross_entropy(logits, tf.argmax(labels, 1))", "labels"),
    ("sparse_softmax_cross_entropy(logits, tf.argmax(labels, 1), weights)", "labels"),
    ("sparse_softmax_cross_entropy(logits, tf.argmax(labels, 1)[:, None], 0.4)", "labels"),
    ("sparse_softmax_cross_entropy(labels=tf.argmax(labels, 1), logits=logits)", "labels"),
    ("sigmoid_cross_entropy(logits, labels)", "multi_class_labels"),
    ("sigmoid_cross_entropy(logits, labels, 0.4, 0.1)", "multi_class_labels"),
    ("sigmoid_cross_entropy(logits, labels + 0.1 * logits)", "multi_class_labels"),
]


@pytest.mark.parametrize(("call", "parameter"), OTHERS)
def test_the_other_losses(call: str, parameter: str) -> None:
    before = (
        "import tensorflow as tf\nfrom tensorflow.contrib import slim\n\n\n"
        f"def loss(labels, logits, weights):\n    return slim.losses.{call}\n"
    )
    new, (finding,) = ported(before)
    assert "slim.losses" not in new
    assert "(logits=logits, " in new or f"({parameter}=" in new
    assert finding.rule == "KX005"
    assert "weights" in finding.message
    executing.check_same(before, [new])
    check_loss_object(before)


def test_weights_that_the_sigmoid_of_v1_refuses() -> None:
    """contrib takes one for each example; the report says what to write."""
    before = (
        "import tensorflow as tf\nfrom tensorflow.contrib import slim\n\n\n"
        "def loss(labels, logits, weights):\n"
        "    return slim.losses.sigmoid_cross_entropy(logits, labels, weights)\n"
    )
    new, (finding,) = ported(before, "keras")
    assert "write weights[:, None]" in finding.message
    with pytest.raises(ValueError, match="weights"):
        executing.results(new, executing.inputs())
    executing.check_same(before, [new.replace("weights=weights", "weights=weights[:, None]")])


def test_transformed() -> None:
    before = """\
        import tensorflow as tf
        import tf_slim as slim

        def loss(labels, logits, weights):
            return slim.losses.softmax_cross_entropy(
                logits,  # of the network
                labels,
                label_smoothing=0.1,  # a little
            )
        """
    (message,) = check_transformed(
        before,
        """\
        import keras_xent
        import tensorflow as tf
        import tf_slim as slim

        def loss(labels, logits, weights):
            return keras_xent.v1.softmax_cross_entropy(
                logits=logits,  # of the network
                onehot_labels=labels,
                label_smoothing=0.1,  # a little
            )
        """,
        codes=["KX005"],
    )
    assert "rank 2" in message
    check_stays_v1(before, "comments stand among its arguments, of which label_smoothing")


def test_a_walrus_needs_parentheses() -> None:
    check_transformed(
        """\
        import tensorflow as tf
        import tf_slim as slim

        def loss(labels, logits, weights):
            return slim.losses.softmax_cross_entropy(x := logits + 1, labels) + tf.reduce_sum(x)
        """,
        """\
        import keras_xent
        import tensorflow as tf
        import tf_slim as slim

        def loss(labels, logits, weights):
            return keras_xent.v1.softmax_cross_entropy(logits=(x := logits + 1), \
onehot_labels=labels) + tf.reduce_sum(x)
        """,
    )


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("f = slim.losses.softmax_cross_entropy\nz = f(x, y)", "handed on, not called"),
        ("f = functools.partial(slim.losses.softmax_cross_entropy, x)", "handed on, not called"),
        ("z = slim.losses.softmax_cross_entropy(*xs)", "it has *arguments"),
        ("z = slim.losses.softmax_cross_entropy(x, **ys)", "it has **arguments"),
        (
            "z = slim.losses.softmax_cross_entropy(x, y, reduction=r)",
            "'reduction' is none of its arguments",
        ),
        ("z = slim.losses.softmax_cross_entropy(1, 2, 3, 4, 5, 6)", "at most 5"),
        ("f = slim.losses.sparse_softmax_cross_entropy", "keras_xent.v1's (labels, logits)"),
        ("z = slim.losses.sigmoid_cross_entropy(*xs)", "takes (logits, multi_class_labels"),
        ("z = slim.losses.softmax_cross_entropy(x, y, logits=x)", "'logits' is given twice"),
    ],
)
def test_flagged(line: str, message: str, target: str) -> None:
    source = f"import functools\nfrom tensorflow.contrib import slim\n{line}\n"
    assert ported(source, target)[0] == source
    check_flagged(source, "KX005", message, line=3, target=target)


def test_scope_has_no_counterpart() -> None:
    check_stays_v1(call("(logits, labels, scope='x')"), "scope= has no counterpart")


def test_noop() -> None:
    check_noop("from tensorflow.contrib import slim\nx = slim.fully_connected(x, 3)\n")
