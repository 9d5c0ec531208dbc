"""Losses of class ids, and losses of which each class has its own."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import ports
import pytest
import tensorflow as tf
from ports import PLAIN

from keras_xent import v1
from keras_xent.testing import assert_same_loss, cases

losses = tf.compat.v1.losses
Sparse = tf.keras.losses.SparseCategoricalCrossentropy
Binary = tf.keras.losses.BinaryCrossentropy
of_ids = functools.partial(
    assert_same_loss, num_classes=ports.CLASSES, batch_size=ports.ROWS, labels="class ids"
)
of_binary = functools.partial(assert_same_loss, num_classes=ports.CLASSES, labels="binary")
# To find the reason of a difference, the losses are called with one element at a time.
of_few = functools.partial(of_binary, num_classes=3, batch_size=ports.ROWS)


def one_hot_of(ids: Any, logits: Any) -> Any:
    """As TF1's sparse loss takes them: a last dimension of 1 is squeezed."""
    ids = tf.reshape(ids, tf.shape(logits)[:-1])
    tf.debugging.assert_non_negative(ids)
    return tf.one_hot(ids, logits.shape[-1])


def sparse_by_hand(ids: Any, logits: Any, weights: Any = 1.0) -> Any:
    weights = tf.convert_to_tensor(weights)
    if weights.shape.rank == logits.shape.rank:
        weights = tf.squeeze(weights, -1)
    return losses.softmax_cross_entropy(one_hot_of(ids, logits), logits, weights)


def sigmoid_by_hand(labels: Any, logits: Any, weights: Any = 1.0) -> Any:
    each = tf.math.softplus(logits) - tf.cast(labels, logits.dtype) * logits
    return losses.compute_weighted_loss(each, weights)


def silent_changes(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("Silent change")]


def message(same: Any, old: Any, new: Any, **arguments: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        same(old, new, **{**PLAIN, **arguments})
    return str(caught.value)


@pytest.mark.parametrize(
    ("same", "old", "new"),
    [
        (of_ids, losses.sparse_softmax_cross_entropy, sparse_by_hand),
        (of_binary, losses.sigmoid_cross_entropy, sigmoid_by_hand),
    ],
)
def test_the_same_by_hand(same: Any, old: Any, new: Any) -> None:
    # Fewer examples than classes, then more, then as many.
    same(old, new)
    for numbers in ((2, 3), (4, 4)):
        same(old, new, num_classes=numbers[0], batch_size=numbers[1], dtypes="float32")


@pytest.mark.parametrize(
    ("same", "name"),
    [
        (of_ids, "sparse_softmax_cross_entropy"),
        (of_ids, "sparse_softmax_cross_entropy_with_logits"),
        (of_binary, "sigmoid_cross_entropy"),
        (of_binary, "sigmoid_cross_entropy_with_logits"),
    ],
)
def test_v1_is_tf1_in_everything(same: Any, name: str) -> None:
    def call(module: Any) -> Any:
        function = getattr(module, name)
        if not name.endswith("logits"):
            return function
        return lambda labels, logits: function(labels=labels, logits=logits)

    same(call(losses if hasattr(losses, name) else tf.compat.v1.nn), call(v1))


class TestClassIds:
    def test_a_keras_class_is_another_reduction_and_the_advice_names_ours(self) -> None:
        text = message(of_ids, losses.sparse_softmax_cross_entropy, Sparse(from_logits=True))
        assert silent_changes(text)[0].startswith("Silent change 1, ")
        assert "keras_xent.SparseCategoricalCrossentropy or keras_xent.v1" in text
        assert "weights, some zero (float32): labels [3], logits [3, 5], weights [3]" in text

    def test_probabilities_for_logits(self) -> None:
        def new(ids: Any, logits: Any) -> Any:
            return losses.sparse_softmax_cross_entropy(ids, tf.nn.softmax(logits))

        old = losses.sparse_softmax_cross_entropy
        assert "one more softmax" in message(of_ids, old, new, weights=False)

    def test_smoothing(self) -> None:
        def new(ids: Any, logits: Any) -> Any:
            labels = one_hot_of(ids, logits)
            return losses.softmax_cross_entropy(labels, logits, label_smoothing=0.1)

        old = losses.sparse_softmax_cross_entropy
        assert "by 0 and the new one by 0.1" in message(of_ids, old, new, weights=False)

    def test_a_class_that_is_ignored(self) -> None:
        def ignoring(ids: Any, logits: Any, count: Any = None) -> Any:
            ids = tf.reshape(ids, logits.shape[:-1])
            each = tf.nn.softmax_cross_entropy_with_logits(
                tf.one_hot(ids, logits.shape[-1]), logits
            )
            known = tf.cast(ids >= 0, each.dtype)
            divisor = tf.reduce_sum(known) if count is None else count(known)
            return tf.math.divide_no_nan(tf.reduce_sum(known * each), divisor)

        def counting(ids: Any, logits: Any) -> Any:
            return ignoring(ids, logits, lambda known: tf.cast(tf.size(known), known.dtype))

        # Such ids are errors in TF1, and are left out.
        of_ids(losses.sparse_softmax_cross_entropy, counting, weights=False, **PLAIN)
        text = message(of_ids, ignoring, counting)
        assert "Silent change 13," in text
        assert "one_hot(-1) or an id of -1" in text
        of_ids(ignoring, counting, skip="ids of -1", **PLAIN)

    def test_labels_of_another_shape_that_the_new_one_refuses(self) -> None:
        def new(ids: Any, logits: Any) -> Any:
            tf.debugging.assert_rank(ids, 1)
            return tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=ids, logits=logits)
            )

        old = losses.sparse_softmax_cross_entropy
        text = message(of_ids, old, new, weights=False)
        assert 'class ids [B, 1] (float32; "ids of another rank")' in text


class TestBinary:
    def test_a_keras_class_takes_the_mean_over_the_classes_first(self) -> None:
        new = Binary(from_logits=True)
        of_binary(losses.sigmoid_cross_entropy, lambda y, x: new(y, x), weights=False, **PLAIN)
        text = message(of_binary, losses.sigmoid_cross_entropy, new)
        assert "Silent change 12, a mean over the classes:" in text
        assert "The new loss computes one loss per row, and the other" in text
        # Where B == C, it takes the weights for another axis.
        text = message(of_binary, losses.sigmoid_cross_entropy, new, batch_size=ports.CLASSES)
        assert "Silent change 12, a mean over the classes:" in text

    def test_unreduced_losses_of_rows(self) -> None:
        old = functools.partial(losses.sigmoid_cross_entropy, reduction="none")
        new = Binary(from_logits=True, reduction="none")
        text = message(of_few, old, lambda y, x: new(y, x), weights=False)
        assert "Silent change 12," in text
        assert "The new loss computes one loss per row" in text

    def test_smoothing(self) -> None:
        smoothing = 0.3
        old = functools.partial(losses.sigmoid_cross_entropy, label_smoothing=smoothing)
        right = functools.partial(
            lambda y, x, s: sigmoid_by_hand(tf.cast(y, x.dtype) * (1 - s) + s / 2, x),
            s=smoothing,
        )
        of_few(old, right, weights=False, **PLAIN)
        text = message(of_few, old, losses.sigmoid_cross_entropy, weights=False)
        assert f"pass label_smoothing={smoothing:g}" in text.lower()

        def towards(labels: Any, logits: Any) -> Any:
            labels = tf.cast(labels, logits.dtype)
            share = smoothing / logits.shape[-1]
            return sigmoid_by_hand(labels * (1 - smoothing) + share, logits)

        # It is found on rows.
        text = message(of_few, old, towards, weights=False, skip="rank 3")
        assert "Silent change 13," in text
        assert f"label_smoothing={smoothing:g}: it smooths towards 1/2" in text
        text = message(of_few, towards, old, weights=False, skip="rank 3")
        assert "TF1 and Keras smooth towards 1/2" in text

    def test_the_labels_gradient_is_compared(self) -> None:
        def stopped(labels: Any, logits: Any, weights: Any = 1.0) -> Any:
            return losses.sigmoid_cross_entropy(tf.stop_gradient(labels), logits, weights)

        old = losses.sigmoid_cross_entropy
        plain = {**PLAIN, "skip": list(cases.KINDS)}
        of_binary(old, stopped, **plain)
        text = message(of_binary, old, stopped, **{**plain, "labels_gradient": True})
        assert silent_changes(text)[0].startswith("Silent change 6, ")

    def test_the_output_of_a_sigmoid(self) -> None:
        def new(labels: Any, logits: Any) -> Any:
            return losses.sigmoid_cross_entropy(labels, tf.sigmoid(logits))

        old = losses.sigmoid_cross_entropy
        text = message(of_few, old, new, weights=False, skip="rank 3")
        assert "one more sigmoid" in text

    def test_keras_undoes_a_sigmoid(self) -> None:
        new = Binary(from_logits=True)
        text = message(
            of_binary,
            losses.sigmoid_cross_entropy,
            lambda y, x: new(y, x),
            weights=False,
            softmax_output=True,
        )
        assert silent_changes(text) == ["Silent change 7, one softmax too many or too few:"]

    def test_weights_of_the_wrong_axis(self) -> None:
        def right(labels: Any, logits: Any, weights: Any) -> Any:
            weights = tf.convert_to_tensor(weights)
            if weights.shape.rank == 1:
                weights = weights[:, tf.newaxis]
            return losses.sigmoid_cross_entropy(labels, logits, weights, reduction="weighted_sum")

        def wrong(labels: Any, logits: Any, weights: Any) -> Any:
            weights = tf.convert_to_tensor(weights)
            if weights.shape.rank == 1 and logits.shape[0] == logits.shape[-1]:
                weights = weights[tf.newaxis]
            return right(labels, logits, weights)

        text = message(of_binary, right, wrong)
        assert "Silent change 5, weights along the wrong axis" in text

    def test_weights_that_have_to_be_given_are_ones_of_the_losses_shape(self) -> None:
        seen = []

        def loss(labels: Any, logits: Any, weights: Any) -> Any:
            seen.append(np.shape(weights))
            return losses.sigmoid_cross_entropy(labels, logits, weights)

        of_binary(loss, losses.sigmoid_cross_entropy, skip=list(cases.KINDS), **PLAIN)
        assert seen[0] == (4, 5)
