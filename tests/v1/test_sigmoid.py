"""What is the sigmoid loss's own: a loss for each logit, labels with a gradient, TF's examples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf1


def test_the_examples_of_tensorflows_documentation(eager_backend: str) -> None:
    # https://www.tensorflow.org/api_docs/python/tf/nn/sigmoid_cross_entropy_with_logits
    nn = tf1.OURS.sigmoid_cross_entropy_with_logits
    logits = tf.constant([1.0, -1.0, 0.0, 1.0, -1.0, 0.0, 0.0])
    labels = tf.constant([0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.5])
    expected = [1.3132617, 0.31326166, 0.6931472, 0.31326166, 1.3132617, 0.6931472, 0.6931472]
    np.testing.assert_allclose(nn(labels=labels, logits=logits), expected, rtol=1e-6)
    # It is the softmax of a class and another whose logit is 0.
    binary, multiclass = tf.constant([1.0, -1.0, 0.0]), tf.constant([[1.0, 0], [-1, 0], [0, 0]])
    soft, soft_multiclass = tf.constant([1.0, 1.0, 0.0]), tf.constant([[1.0, 0], [1, 0], [0, 1]])
    for losses in (
        nn(labels=soft, logits=binary),
        tf1.OURS.softmax_cross_entropy_with_logits(labels=soft_multiclass, logits=multiclass),
        tf1.OURS.sparse_softmax_cross_entropy_with_logits(labels=[0, 0, 1], logits=multiclass),
    ):
        np.testing.assert_allclose(losses, [0.31326166, 1.3132616, 0.6931472], rtol=1e-6)


def test_large_logits_do_not_overflow(eager_backend: str) -> None:
    logits = np.float32([1e4, -1e4, 1e4, -1e4, 3e38, -3e38])
    labels = np.float32([0, 0, 1, 1, 1, 0])

    def run(functions: tf1.Functions) -> list[Any]:
        return tf1.by_tape(
            lambda logits: functions.sigmoid_cross_entropy(labels, logits, reduction="none"),
            logits,
        )

    ours = run(tf1.OURS)
    tf1.assert_same(ours, run(tf1.THEIRS))
    np.testing.assert_array_equal(ours[0], np.float32([1e4, 0, 0, 1e4, 0, 0]))
    np.testing.assert_array_equal(ours[1], np.float32([1, 0, 0, -1, 0, 0]))


@pytest.mark.parametrize("smoothing", [0, 0.2])
def test_the_gradient_to_the_labels_is_minus_the_logit(
    eager_backend: str, smoothing: float
) -> None:
    labels, logits = tf1.soft_labels_of([2, 3]), tf1.logits_of([2, 3])
    arguments = {"label_smoothing": smoothing, "reduction": "weighted_sum"}

    def run(functions: tf1.Functions) -> list[Any]:
        return tf1.by_tape(
            lambda labels: functions.sigmoid_cross_entropy(labels, logits, 2.0, **arguments),
            labels,
        )

    ours = run(tf1.OURS)
    tf1.assert_same(ours, run(tf1.THEIRS), scale=8)
    np.testing.assert_allclose(ours[1], -2 * (1 - smoothing) * logits, rtol=1e-6)


def test_smoothing_moves_labels_towards_one_half(eager_backend: str) -> None:
    labels, logits = tf1.bits_of([2, 3]), tf1.logits_of([2, 3])
    smoothed = tf1.OURS.sigmoid_cross_entropy(labels, logits, label_smoothing=0.2)
    tf1.assert_same([smoothed], [tf1.THEIRS.sigmoid_cross_entropy(labels * 0.8 + 0.1, logits)])


def test_a_weight_an_example_counts_once_for_each_class(eager_backend: str) -> None:
    labels, logits = tf1.bits_of([4, 3]), tf1.logits_of([4, 3])
    weights = np.float32([[1], [0], [2], [0]])
    losses = tf1.THEIRS.sigmoid_cross_entropy_with_logits(
        labels=labels.astype("float32"), logits=logits
    )
    found = tf1.OURS.sigmoid_cross_entropy(labels, logits, weights)
    tf1.assert_same([found], [np.sum(losses * weights) / np.float32(6)])


class TestDifferences:
    def test_the_loss_of_an_infinite_logit_is_0_or_infinite(self, backend: str) -> None:
        logits = np.float32([np.inf, -np.inf, np.inf, -np.inf, np.inf, -np.inf])
        labels = np.float32([1, 0, 0, 1, 0.5, 0.5])

        def run(functions: tf1.Functions) -> list[Any]:
            return tf1.by_tape(
                lambda logits: functions.sigmoid_cross_entropy(labels, logits, reduction="none"),
                logits,
            )

        (ours, our_gradient), (theirs, their_gradient) = run(tf1.OURS), run(tf1.THEIRS)
        assert np.isnan(theirs).tolist() == [True, True, True, False, True, False]
        if backend == "portable" or not tf1.has_native():
            np.testing.assert_array_equal(ours, theirs)
        else:
            np.testing.assert_array_equal(ours, [0, 0, np.inf, np.inf, np.inf, np.inf])
        np.testing.assert_array_equal(our_gradient, their_gradient)

    def test_the_nn_function_casts_labels(self, backend: str) -> None:
        labels, logits = tf1.bits_of([2, 3]), tf1.logits_of([2, 3])
        for context in (tf.Graph().as_default(), tf.name_scope("eagerly")):
            with context, pytest.raises((TypeError, ValueError, tf.errors.InvalidArgumentError)):
                tf1.THEIRS.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
        tf1.assert_same(
            [tf1.OURS.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)],
            [tf1.THEIRS.sigmoid_cross_entropy(labels, logits, reduction="none")],
        )
