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


# Labels, and whether they are wrapped.
LABELS = [
    ("labels", True),
    ("labels + 0.1 * logits", True),
    ("tf.abs(logits)", True),
    ("tf.cast(labels, tf.float32)", True),
    ("tf.one_hot([0, 2, 1, 0], 3)", False),
    ("tf.cast(tf.one_hot([0, 2, 1, 0], 3), tf.float32)", False),
    ("tf.one_hot(tf.argmax(logits, 1), 3)", False),
    ("tf.stop_gradient(logits)", False),
    ("tf.cast(labels > 0.5, tf.int32)", False),
    ("[[1.0, 0.0, 0.0]] * 4", False),
]


@pytest.mark.parametrize(("labels", "wrapped"), LABELS)
def test_labels(labels: str, wrapped: bool) -> None:
    before = call(f"(labels={labels}, logits=logits)")
    new, findings = ported(before)
    expected = f"tf.stop_gradient({labels})" if wrapped else labels
    assert f"keras_xent.v1.{NAME}_v2(labels={expected}, logits=logits)" in new
    assert [finding.rule for finding in findings] == ["KX004"]
    assert ("gradient is stopped" in findings[0].message) == wrapped
    assert ported(new) == (new, ())
    executing.check_same(before, [new])
    check_loss_object(before)


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
            keras_xent.v1.softmax_cross_entropy_with_logits_v2(logits=x, \
labels=tf.stop_gradient(y)))
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
    ("imports", "name", "wrapper"),
    [
        ("import tensorflow.compat.v1 as tf", "tf.nn.", "tf."),
        ("import tensorflow as tf", "tf.compat.v1.nn.", "tf.compat.v1."),
        ("import tensorflow as tf\nfrom tensorflow.python.ops import nn", "nn.", "tf."),
        ("import tensorflow as tf\nfrom tensorflow.python.ops import nn_ops", "nn_ops.", "tf."),
        (
            "import tensorflow.compat.v1 as tf\n"
            "from tensorflow.compat.v1.nn import softmax_cross_entropy_with_logits",
            "",
            "tf.",
        ),
    ],
)
def test_certainly_tf1(imports: str, name: str, wrapper: str) -> None:
    before = (
        f"{imports}\n\n\ndef loss(labels, logits, weights):\n"
        f"    return {name}{NAME}(labels=logits, logits=logits)\n"
    )
    new, _ = ported(before)
    assert f"(labels={wrapper}stop_gradient(logits), logits=logits)" in new
    executing.check_same(before, [new])


@pytest.mark.parametrize(
    "marker",
    ["tf.placeholder(tf.float32)", "tf.Session()", "tf.train.AdamOptimizer()", "tf.contrib.slim"],
)
def test_tf1_by_other_names(marker: str) -> None:
    new, _ = ported(
        f"import tensorflow as tf\nx = {marker}\nz = tf.nn.{NAME}(labels=y, logits=x)\n"
    )
    assert "tf.stop_gradient(y)" in new


def test_perhaps_tf2() -> None:
    source = f"import tensorflow as tf\nz = tf.nn.{NAME}(labels=y, logits=x)\n"
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
        ("z = tf.nn.{}(**kw)", "it has **arguments"),
        ("z = tf.nn.{}(logits=x)", "its labels are missing"),
        ("z = tf.nn.{}(_sentinel=None, labels=y, logits=x)", "wrap the labels"),
        ("z = map(tf.nn.{}, xs)", "handed on, not called"),
        ("import functools\nz = functools.partial(tf.nn.{}, dim=1)", "handed on, not called"),
        ("f = tf.nn.{}\nz = f(labels=y, logits=x)", "handed on, not called"),
    ],
)
def test_flagged(source: str, message: str) -> None:
    source = f"import tensorflow.compat.v1 as tf\n{source.format(NAME)}\n"
    new, _ = ported(source)
    assert new == source
    check_flagged(source, "KX004", message)


def test_no_name_for_tensorflow() -> None:
    source = (
        f"from tensorflow.compat.v1.nn import {NAME}\n\n\n"
        f"def loss(labels, logits, weights):\n    return {NAME}(labels=labels, logits=logits)\n"
    )
    check_flagged(source, "KX004", "`tf` has no name here")
    # A name that is another thing where the call stands is none.
    check_flagged(
        source.replace("weights)", "tf)").replace("from", "import tensorflow as tf\nfrom", 1),
        "KX004",
        "`tf` has no name here",
    )
