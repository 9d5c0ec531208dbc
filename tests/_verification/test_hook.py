"""All three functions of keras_xent.v1 pass the hook."""

from __future__ import annotations

import pytest
import tensorflow as tf
import tf1

from keras_xent import v1
from keras_xent._verification import computed, oracles
from keras_xent.testing import VerificationError, verify


def test_off_it_only_calls() -> None:
    arguments = (1.0, "anything")
    found = computed(lambda *given: given, arguments, oracles.WeightedLoss, nonsense=None)
    assert found == arguments


def test_on_it_verifies() -> None:
    losses = tf.constant([1.0, 3.0])
    with verify():
        computed(
            lambda losses, weights: tf.reduce_mean(losses),
            (losses, 1.0),
            oracles.WeightedLoss,
            reduction=v1.Reduction.SUM_OVER_BATCH_SIZE,
        )
        with pytest.raises(VerificationError):
            computed(
                lambda losses, weights: tf.reduce_sum(losses),
                (losses, 1.0),
                oracles.WeightedLoss,
                reduction=v1.Reduction.SUM_OVER_BATCH_SIZE,
            )


def test_variables_lists_and_numbers_are_taken_as_ever() -> None:
    labels, logits = tf1.one_hot_of([4, 3]), tf.Variable(tf1.logits_of([4, 3]))
    expected = v1.softmax_cross_entropy(labels.tolist(), logits, [1, 0, 2, 0]).numpy()
    with verify(), tf.GradientTape() as tape:
        found = v1.softmax_cross_entropy(labels.tolist(), logits, [1, 0, 2, 0])
    assert found.numpy() == expected
    assert tape.gradient(found, logits) is not None
