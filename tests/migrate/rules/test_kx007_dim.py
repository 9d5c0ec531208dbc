"""KX007."""

from __future__ import annotations

import pytest
from migrate import executing
from migrate.tools import check_not_found, check_transformed, ported

NAME = "softmax_cross_entropy_with_logits_v2"


def call(arguments: str) -> str:
    return (
        "import tensorflow as tf\n\n\ndef loss(labels, logits, weights):\n"
        f"    return tf.nn.{NAME}({arguments})\n"
    )


def test_transformed() -> None:
    check_transformed(
        f"""\
        import tensorflow as tf

        def loss(labels, logits, weights):
            return tf.nn.{NAME}(
                labels=labels,
                dim = 0,  # the classes
                logits=logits,
            )
        """,
        f"""\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            return keras_xent.v1.{NAME}(
                labels=labels,
                axis = 0,  # the classes
                logits=logits,
            )
        """,
        codes=["KX003", "KX007"],
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("labels, logits, dim=0", "labels, logits, axis=0"),
        ("dim=0, labels=labels, logits=logits", "axis=0, labels=labels, logits=logits"),
        ("labels, logits, dim=None", "labels, logits, axis=None"),
        # The keyword would be there twice.
        ("labels, logits, None, dim=0", "labels, logits, None, dim=0"),
        ("labels, logits, axis=None, dim=0", "labels, logits, axis=None, dim=0"),
        ("labels, logits, axis=0", "labels, logits, axis=0"),
    ],
)
def test_calls(old: str, new: str) -> None:
    text, findings = ported(call(old))
    assert f"keras_xent.v1.{NAME}({new})" in text
    assert ("KX007" in [finding.rule for finding in findings]) == (old != new)
    executing.check_same(call(old), [text, ported(call(old), "keras")[0]])


def test_inside_another() -> None:
    """The class axis of the inner call is the second one."""
    check_transformed(
        f"""\
        import tensorflow as tf

        def loss(labels, logits, weights):
            return tf.nn.{NAME}(labels, logits * tf.reduce_sum(
                tf.nn.{NAME}(labels, logits, dim=1)), dim=0)
        """,
        f"""\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            return keras_xent.v1.{NAME}(labels, logits * tf.reduce_sum(
                keras_xent.v1.{NAME}(labels, logits, axis=1)), axis=0)
        """,
    )


def test_not_of_other_functions() -> None:
    check_not_found("import tensorflow as tf\ntf.nn.softmax(x, dim=1)\n", "KX007")
    check_not_found(
        "import tensorflow.compat.v1 as tf\n"
        "tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=x, dim=1)\n",
        "KX007",
    )
