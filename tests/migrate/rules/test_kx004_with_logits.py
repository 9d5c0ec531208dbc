"""KX004: whether the file is TF1's, and whether labels need a stop."""

from __future__ import annotations

import pytest
from migrate import executing
from migrate.tools import (
    check_flagged,
    check_loss_object,
    check_noop,
    check_transformed,
    ported,
)

NAME = "softmax_cross_entropy_with_logits"


def call(arguments: str, imports: str = "import tensorflow.compat.v1 as tf") -> str:
    return (
        f"{imports}\n\n\ndef loss(labels, logits, weights):\n    return tf.nn.{NAME}{arguments}\n"
    )


# The gradient into them is stopped, by whichever function gets them.
LABELS = [
    "labels",
    "labels + 0.1 * logits",
    "tf.abs(logits)",
    "tf.cast(labels, tf.float32)",
    "tf.one_hot([0, 2, 1, 0], 3)",
    "tf.one_hot(tf.argmax(logits, 1), 3)",
    "tf.stop_gradient(logits)",
    "[[1.0, 0.0, 0.0]] * 4",
]


@pytest.mark.parametrize("labels", LABELS)
def test_labels(labels: str) -> None:
    before = call(f"(labels={labels}, logits=logits)")
    new, findings = ported(before)
    assert f"keras_xent.v1.{NAME}(labels={labels}, logits=logits)" in new
    assert [finding.rule for finding in findings] == ["KX004"]
    assert ported(new) == (new, ())
    executing.check_same(before, [new])
    check_loss_object(before)


@pytest.mark.parametrize(
    ("labels", "is_stopped"),
    [("labels + 0.1 * logits", True), ("tf.one_hot(tf.argmax(logits, 1), 3)", False)],
)
def test_a_loss_object_needs_the_stop(labels: str, is_stopped: bool) -> None:
    new = check_loss_object(call(f"(labels={labels}, logits=logits)"))
    assert (f"tf.stop_gradient({labels})" in new) == is_stopped


@pytest.mark.parametrize(
    "arguments",
    [
        "(logits=logits, labels=labels)",
        "(labels=labels, logits=logits, dim=0)",
        "(labels=labels, logits=logits, name='x')",
        "(\n        labels=labels,  # one hot\n        logits=logits,\n    )",
        "(labels=(lambda x: x)(labels), logits=logits)",
        "(labels=labels if True else logits, logits=logits)",
        "(labels=(y := logits + 1.0), logits=y)",
        "(**{'labels': labels, 'logits': logits})",
    ],
)
def test_calls(arguments: str) -> None:
    before = call(arguments)
    for target in ("v1", "keras"):
        new, _ = ported(before, target)
        assert "tf.nn." not in new
        assert ("# one hot" in new) == ("# one hot" in before)
        executing.check_same(before, [new])


def test_transformed() -> None:
    before = """\
        import tensorflow as tf

        x = tf.placeholder(tf.float32, [None, 3])
        value = tf.reduce_mean(
            tf.nn.softmax_cross_entropy_with_logits(logits=x, labels=y))
        """
    check_transformed(
        before,
        """\
        import keras_xent
        import tensorflow as tf

        x = tf.placeholder(tf.float32, [None, 3])
        value = tf.reduce_mean(
            keras_xent.v1.softmax_cross_entropy_with_logits(logits=x, labels=y))
        """,
        codes=["KX004"],
    )
    check_transformed(
        before,
        """\
        import keras_xent
        import tensorflow as tf

        x = tf.placeholder(tf.float32, [None, 3])
        value = tf.reduce_mean(
            keras_xent.CategoricalCrossentropy(from_logits=True, \
reduction=keras_xent.Reduction.NONE)(y_pred=x, y_true=tf.stop_gradient(y)))
        """,
        "keras",
        codes=["KX004"],
    )


@pytest.mark.parametrize(
    ("imports", "name"),
    [
        ("import tensorflow.compat.v1 as tf", "tf.nn."),
        ("import tensorflow as tf", "tf.compat.v1.nn."),
        ("import tensorflow as tf\nfrom tensorflow.python.ops import nn", "nn."),
        ("import tensorflow as tf\nfrom tensorflow.python.ops import nn_ops", "nn_ops."),
        ("from tensorflow.compat.v1.nn import softmax_cross_entropy_with_logits", ""),
    ],
)
def test_certainly_tf1(imports: str, name: str) -> None:
    before = (
        f"{imports}\n\n\ndef loss(labels, logits, weights):\n"
        f"    return {name}{NAME}(labels=logits, logits=logits)\n"
    )
    new, _ = ported(before)
    assert f"keras_xent.v1.{NAME}(labels=logits, logits=logits)" in new
    executing.check_same(before, [new])


@pytest.mark.parametrize(
    "body",
    [
        "f = tf.nn.{}\n\n\ndef loss(labels, logits, weights):\n"
        "    return f(labels=logits + 1, logits=logits)\n",
        "import functools\nf = functools.partial(tf.nn.{}, dim=0)\n\n\n"
        "def loss(labels, logits, weights):\n    return f(labels=logits, logits=logits)\n",
    ],
)
def test_handed_on(body: str) -> None:
    before = f"import tensorflow.compat.v1 as tf\n{body.format(NAME)}"
    for target in ("v1", "keras"):
        new, findings = ported(before, target)
        assert f"keras_xent.v1.{NAME}" in new
        assert [finding.rule for finding in findings] == ["KX004"]
        executing.check_same(before, [new])


@pytest.mark.parametrize(
    "marker",
    ["tf.placeholder(tf.float32)", "tf.Session()", "tf.train.AdamOptimizer()", "tf.contrib.slim"],
)
def test_tf1_by_other_names(marker: str) -> None:
    new, _ = ported(
        f"import tensorflow as tf\nx = {marker}\nz = tf.nn.{NAME}(labels=y, logits=x)\n"
    )
    assert f"keras_xent.v1.{NAME}(labels=y, logits=x)" in new


@pytest.mark.parametrize("use", ["z = tf.nn.{}(labels=y, logits=x)", "f = tf.nn.{}"])
def test_perhaps_tf2(use: str) -> None:
    source = f"import tensorflow as tf\n{use.format(NAME)}\n"
    new, _ = ported(source)
    assert new == source
    check_flagged(source, "KX004", "no name in this file says whether it is TF1 code", line=2)


@pytest.mark.parametrize("imports", ["import tensorflow.compat.v1 as tf1\n", ""])
def test_compat_v1_beside_tf2(imports: str) -> None:
    """TF2's function sends a gradient into the labels, and stays."""
    session = "tf1.Session()" if imports else "tf.compat.v1.Session()"
    source = (
        f"{imports}import tensorflow as tf\ns = {session}\nz = tf.nn.{NAME}(labels=y, logits=x)\n"
    )
    assert ported(source)[0] == source
    check_flagged(source, "KX004", "no name in this file says whether it is TF1 code")


@pytest.mark.parametrize("arguments", ["(y, x)", "(labels=tf.one_hot(y, 3), logits=x)", "(**kw)"])
def test_tf2_or_without_a_difference(arguments: str) -> None:
    check_noop(f"import tensorflow as tf\nz = tf.nn.{NAME}{arguments}\n")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("z = tf.nn.{}(y, x)", "positional arguments, which TF1 refuses"),
        ("z = tf.nn.{}(logits=x, targets=y)", "'targets' is none of its arguments"),
    ],
)
def test_flagged(source: str, message: str) -> None:
    source = f"import tensorflow.compat.v1 as tf\n{source.format(NAME)}\n"
    for target in ("v1", "keras"):
        assert ported(source, target)[0] == source
    check_flagged(source, "KX004", message)


def test_its_first_argument_is_kept() -> None:
    """TensorFlow has none of that name any more."""
    new, _ = ported(
        f"import tensorflow.compat.v1 as tf\nz = tf.nn.{NAME}(_sentinel=None, labels=y, logits=x)\n"
    )
    assert f"keras_xent.v1.{NAME}(_sentinel=None, labels=y, logits=x)" in new
