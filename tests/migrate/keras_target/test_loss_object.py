"""Calls that become loss objects, and what they look like then."""

from __future__ import annotations

import pytest
from migrate.tools import (
    check_flagged,
    check_loss_object,
    check_stays_v1,
    check_transformed,
    loss_call,
    ported,
)


def test_labels_need_tensorflow() -> None:
    source = """\
        from tensorflow.compat.v1.losses import softmax_cross_entropy

        def loss(labels, logits, weights):
            return softmax_cross_entropy(labels, logits)
        """
    check_stays_v1(source, "its labels need tf.stop_gradient")


def test_labels_that_need_no_stop() -> None:
    new = check_loss_object(loss_call("tf.one_hot(tf.argmax(labels, -1), 3), logits"))
    assert "stop_gradient" not in new


def test_nested() -> None:
    check_transformed(
        """\
        import tensorflow as tf

        def loss(labels, logits, weights):
            return tf.losses.softmax_cross_entropy(
                tf.one_hot(tf.argmax(labels, -1), 3), logits, weights=tf.stop_gradient(
                    tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)))
        """,
        """\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            return keras_xent.CategoricalCrossentropy(from_logits=True, \
reduction=keras_xent.Reduction.SUM_BY_NONZERO_WEIGHTS)(
                y_true=tf.one_hot(tf.argmax(labels, -1), 3), y_pred=tf.identity(logits), \
sample_weight=tf.stop_gradient(
                    keras_xent.CategoricalCrossentropy(from_logits=True, \
reduction=keras_xent.Reduction.NONE)(y_true=labels, y_pred=tf.identity(logits))))
        """,
        "keras",
    )


def test_the_logits_are_themselves_a_call_that_becomes_a_loss_object() -> None:
    check_transformed(
        """\
        import tensorflow as tf

        def loss(labels, logits, weights):
            return tf.losses.softmax_cross_entropy(
                labels[0], tf.nn.softmax_cross_entropy_with_logits_v2(labels, logits, axis=0))
        """,
        """\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            return keras_xent.CategoricalCrossentropy(from_logits=True, \
reduction=keras_xent.Reduction.SUM_BY_NONZERO_WEIGHTS)(
                y_true=tf.stop_gradient(labels[0]), y_pred=tf.identity(\
keras_xent.CategoricalCrossentropy(from_logits=True, axis=0, \
reduction=keras_xent.Reduction.NONE)(y_true=labels, y_pred=tf.identity(logits))))
        """,
        "keras",
        shape=(3, 3),
    )


def test_the_weights_of_contrib_s_loss_are_themselves_a_call_that_becomes_a_loss_object() -> None:
    new, _ = ported(
        "import tensorflow.compat.v1 as tf\nimport tf_slim as slim\n"
        "x = slim.losses.softmax_cross_entropy(logits, labels, "
        "tf.nn.sparse_softmax_cross_entropy_with_logits(labels=a, logits=b))\n",
        "keras",
    )
    assert new.endswith(
        ", sample_weight=tf.reshape(keras_xent.SparseCategoricalCrossentropy(from_logits=True, "
        "reduction=keras_xent.Reduction.NONE)(y_true=a, y_pred=tf.identity(b)), [-1]))\n"
    )


def test_comments_that_stay_where_they_are() -> None:
    check_transformed(
        """\
        import tensorflow as tf

        def loss(labels, logits, weights):
            return tf.losses.softmax_cross_entropy(
                # what is right
                labels,
                logits,  # what is thought
            )
        """,
        """\
        import keras_xent
        import tensorflow as tf

        def loss(labels, logits, weights):
            return keras_xent.CategoricalCrossentropy(from_logits=True, \
reduction=keras_xent.Reduction.SUM_BY_NONZERO_WEIGHTS)(
                # what is right
                y_true=tf.stop_gradient(labels),
                y_pred=tf.identity(logits),  # what is thought
            )
        """,
        "keras",
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends(newline: str) -> None:
    source = loss_call("\n        labels,\n        logits,\n        label_smoothing=0.1,\n    ")
    new, _ = ported(source.replace("\n", newline), "keras")
    expected, _ = ported(source, "keras")
    assert new == expected.replace("\n", newline)


def test_the_assumption_is_told() -> None:
    _, (finding,) = ported(loss_call("labels, logits"), "keras")
    assert "so the port assumes that the logits and the result are float32" in finding.message


def test_what_is_v1_says_why_it_stays() -> None:
    check_flagged(
        "import keras_xent\nz = keras_xent.v1.compute_weighted_loss(x)\n",
        "KX002",
        "stays on v1: there is no loss object for this function",
        target="keras",
    )
