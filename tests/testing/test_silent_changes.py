"""A wrong port for each silent change that calls can show: its number is first in the message."""

from __future__ import annotations

import re
from typing import Any, Callable

import ports
import pytest
import tensorflow as tf
from ports import each, tf1_loss, tf1_nn, tf1_with, tf1_with_columns, weighted

import keras_xent
from keras_xent import v1
from keras_xent._keras import IS_KERAS_3
from keras_xent.testing import assert_same_loss, cases
from keras_xent.testing.silent_changes import SILENT_CHANGES

Keras = tf.keras.losses.CategoricalCrossentropy
ours = keras_xent.CategoricalCrossentropy
# Plain inputs are left. A right port passes the others: test_same_loss.py.
ANY = list(cases.KINDS)


def mean_as_given(labels: Any, logits: Any, weights: Any = None) -> Any:
    """Keras 3's "mean_with_sample_weight"."""
    if weights is None:
        return tf.reduce_mean(each(labels, logits))
    total, _ = weighted(labels, logits, weights)
    return tf.math.divide_no_nan(tf.reduce_sum(total), tf.reduce_sum(tf.cast(weights, tf.float32)))


def along_the_wrong_axis(labels: Any, logits: Any, weights: Any) -> Any:
    # Keras 3 does so, and raises where B != T.
    if logits.shape.rank == 2 and weights.shape.rank == 2:
        weights = tf.squeeze(weights, -1)
    return tf.reduce_sum(each(labels, logits) * tf.cast(weights, tf.float32))


def every_pair(labels: Any, logits: Any, weights: Any) -> Any:
    weights = tf.cast(weights, tf.float32)
    if logits.shape.rank == 3 and weights.shape.rank == 1:
        weights = weights[:, tf.newaxis]
    return tf.reduce_sum(each(labels, logits) * weights)


def mean_of_every_pair(labels: Any, logits: Any, weights: Any) -> Any:
    pairs = each(labels, logits) * weights
    return tf.reduce_sum(pairs) / tf.reduce_sum(weights)


def scalar_times_weights(labels: Any, logits: Any, weights: Any = 1.0) -> Any:
    return tf.reduce_mean(tf.reduce_mean(each(labels, logits)) * tf.cast(weights, tf.float32))


def smoothed_by_hand(labels: Any, logits: Any, weights: Any = 1.0) -> Any:
    labels = tf.cast(labels, logits.dtype)
    labels = labels * 0.9 + (1 - labels) * 0.1 / (ports.CLASSES - 1)
    return tf1_loss(labels, logits, weights)


def smoothed_by_shape_1(labels: Any, logits: Any, weights: Any = 1.0) -> Any:
    labels = tf.cast(labels, logits.dtype)
    labels = labels * 0.9 + 0.1 / tf.cast(tf.shape(labels)[1], logits.dtype)
    return tf1_loss(labels, logits, weights)


def rows_with_a_label(labels: Any, logits: Any, weights: Any = 1.0) -> Any:
    labelled = tf.cast(tf.reduce_sum(labels, -1) > 0, tf.float32)
    return tf1_loss(labels, logits, tf.cast(weights, tf.float32) * labelled)


def nan_for_no_weight(labels: Any, logits: Any, weights: Any = 1.0) -> Any:
    total, weights = weighted(labels, logits, weights)
    return tf.reduce_sum(total) / tf.math.count_nonzero(weights, dtype=tf.float32)


def positive_weights(labels: Any, logits: Any, weights: Any = 1.0) -> Any:
    total, weights = weighted(labels, logits, weights)
    return tf.math.divide_no_nan(
        tf.reduce_sum(total), tf.math.count_nonzero(weights > 0, dtype=tf.float32)
    )


def mean_of_vector(labels: Any, logits: Any) -> Any:
    return tf.reduce_mean(each(labels, logits))


# What it is -> its number, the old loss, the new one, what the advice says.
PORTS: dict[str, tuple[int, Callable[..., Any], Callable[..., Any], str]] = {
    "Keras's default": (1, tf1_loss, Keras(from_logits=True), "SUM_BY_NONZERO_WEIGHTS"),
    "positive weights counted": (1, tf1_loss, positive_weights, "weights above zero"),
    "the weighted mean": (
        2,
        tf1_loss,
        ours(from_logits=True, reduction="mean_with_sample_weight"),
        "divides by the sum of the weights",
    ),
    "TF1's MEAN": (3, tf1_with(reduction="weighted_mean"), mean_as_given, "broadcast"),
    "weights [B] on [T]": (5, tf1_with_columns, along_the_wrong_axis, "the other axis"),
    "weights [B, 1] on [B]": (5, tf1_with_columns, every_pair, "results in [B, B]"),
    "swapped": (9, tf1_loss, lambda y, x, w: tf1_loss(x, y, w), "if you swap its labels"),
    "old swapped, v1": (
        9,
        lambda y, x, w: tf1_loss(x, y, w),
        lambda y, x, w: ours_by_count(x, y, w),
        "has no gradient with respect to the logits",
    ),
    "softmax in front": (
        7,
        tf1_loss,
        lambda y, x, w: tf1_loss(y, tf.nn.softmax(x), w),
        "one more softmax",
    ),
    "probabilities": (7, tf1_loss, Keras(), "from_logits=True"),
    "divided by replicas": (10, tf1_loss, lambda y, x, w: tf1_loss(y, x, w) / 8, "divided by 8"),
    "scalar times weights": (11, tf1_loss, scalar_times_weights, "multiplies the mean or the sum"),
    "a vector's mean": (12, tf1_nn, mean_of_vector, "A mean divides the gradient"),
    "a vector": (12, tf1_loss, tf1_with(reduction="none"), "Use the old loss's reduction"),
    "a sum": (
        12,
        mean_of_vector,
        lambda y, x: tf.reduce_sum(each(y, x)),
        "The new loss is a sum",
    ),
    "smoothing": (13, tf1_loss, tf1_with(label_smoothing=0.1), "by 0 and the new one by 0.1"),
    "another smoothing": (
        13,
        tf1_with(label_smoothing=0.2, reduction="weighted_sum"),
        tf1_with(label_smoothing=0.1, reduction="weighted_sum"),
        "pass label_smoothing=0.2",
    ),
    "smoothing by hand": (
        13,
        smoothed_by_hand,
        tf1_with(label_smoothing=0.1),
        "Smooth the new loss's labels by 0.125",
    ),
    "smoothing by shape[1]": (13, smoothed_by_shape_1, tf1_with(label_smoothing=0.1), "shape[1]"),
    "rows without a label": (13, tf1_loss, rows_with_a_label, "one_hot(-1)"),
    "NaN": (15, tf1_loss, nan_for_no_weight, "divide_no_nan"),
}


def ours_by_count(labels: Any, logits: Any, weights: Any) -> Any:
    return ours(from_logits=True, reduction="sum_by_nonzero_weights")(labels, logits, weights)


def told(old: Any, new: Any, **arguments: Any) -> tuple[list[int], str]:
    """The numbers in the message, in its order, and the message."""
    with pytest.raises(AssertionError) as caught:
        assert_same_loss(old, new, num_classes=ports.CLASSES, **{**ports.PLAIN, **arguments})
    text = str(caught.value)
    numbers = re.findall(r"^Silent change (\d+),", text, re.MULTILINE)
    return [int(number) for number in numbers], text


@pytest.mark.parametrize("port", PORTS)
def test_a_wrong_port_is_told_by_its_number(port: str) -> None:
    number, old, new, advice = PORTS[port]
    no_other = port in ("Keras's default", "the weighted mean")
    # Three integer weights are 0, 1 and 2: their sum is their number.
    numbers, text = told(old, new, batch_size=4 if no_other else ports.ROWS)
    assert numbers[0] == number
    assert advice in text
    if no_other:
        assert numbers == [number]


def test_silent_change_6_the_labels_gradient() -> None:
    new = ours(from_logits=True, reduction="sum_by_nonzero_weights")
    numbers, text = told(tf1_loss, new, labels_gradient=True, skip=ANY)
    assert numbers == [6]
    assert "tf.stop_gradient(labels)" in text
    assert "labels_gradient=False" in text


def test_silent_change_7_keras_undoes_a_softmax() -> None:
    new = ours(from_logits=True, reduction="sum_by_nonzero_weights")
    numbers, text = told(tf1_loss, new, softmax_output=True, skip=ANY)
    assert numbers == [7]
    assert "softmax_output=False" in text


@pytest.mark.skipif(not IS_KERAS_3, reason="Keras 2 returns the logits' dtype, as TF1 does")
@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_silent_change_14_dtypes(dtype: str) -> None:
    new = ours(from_logits=True, reduction="sum_by_nonzero_weights")
    numbers, text = told(tf1_loss, new, dtypes=["float32", dtype], skip=ANY)
    assert numbers == [14]
    assert f"returns {dtype} for {dtype} logits, and the new one returns float32" in text
    assert_same_loss(
        tf1_loss,
        ours(from_logits=True, reduction="sum_by_nonzero_weights", dtype=dtype),
        num_classes=ports.CLASSES,
        skip=ANY,
        **{**ports.PLAIN, "dtypes": [dtype]},
    )


def test_weights_of_a_shape_that_the_new_one_refuses() -> None:
    def new(labels: Any, logits: Any, weights: Any) -> Any:
        if logits.shape.rank == 3 and tf.convert_to_tensor(weights).shape.rank == 1:
            raise ValueError("no weights for you")
        return tf1_with_columns(labels, logits, weights)

    numbers, text = told(tf1_with_columns, new)
    assert numbers == [5]
    assert "the new loss raises ValueError: no weights for you" in text


def test_silent_change_5_in_a_weighted_mean_by_hand() -> None:
    skip = ["scalar weights", "all-zero weights", "rank 3", "boolean weights", "integer weights"]

    def mean(labels: Any, logits: Any, weights: Any) -> Any:
        weights = tf.convert_to_tensor(weights)
        weights = weights[:, 0] if weights.shape.rank == 2 else weights
        return tf1_loss(labels, logits, weights, reduction="weighted_mean")

    numbers, text = told(mean, mean_of_every_pair, skip=skip)
    assert numbers == [5]
    assert "results in [B, B]" in text


def test_every_number_is_one_of_the_fifteen_and_tested() -> None:
    numbers = {change.number for change in SILENT_CHANGES if change.number is not None}
    assert numbers == set(range(1, 16)) - {4, 8}
    assert numbers == {number for number, *_ in PORTS.values()} | {6, 14}


def test_what_is_recognised_as_nothing_is_still_told() -> None:
    numbers, text = told(tf1_loss, lambda y, x, w: v1.softmax_cross_entropy(y, x, w) * 1.37)
    assert numbers == []
    assert "Not a known silent change" in text
    assert "value: old" in text
