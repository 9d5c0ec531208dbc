"""One-hot labels that become class ids: only if every id is a class for certain."""

from __future__ import annotations

import pytest
from migrate.tools import check_flagged, check_loss_object, loss_call, ported

PROVEN = [
    ("tf.one_hot([0, 2, 1, 0], 3)", "[0, 2, 1, 0]"),
    ("tf.one_hot((0, 2, 1, 0), depth=3)", "(0, 2, 1, 0)"),
    ("tf.one_hot(tf.constant([0, 2, 1, 0]), 3)", "tf.constant([0, 2, 1, 0])"),
    ("tf.one_hot(indices=[0, 2, 1, 0], depth=CLASSES)", "[0, 2, 1, 0]"),
    ("tf.one_hot(depth=3, indices=[0, 2, 1, 0])", "[0, 2, 1, 0]"),
    ("tf.one_hot([0, 2, 1, 0], 3, dtype=tf.float64)", "[0, 2, 1, 0]"),
    ("tf.one_hot(tf.cast(weights > 0.5, tf.int32), 3)", "tf.cast(weights > 0.5, tf.int32)"),
    (
        "tf.one_hot(tf.cast(tf.equal(weights, 0), dtype=tf.int64), 3)",
        "tf.cast(tf.equal(weights, 0), dtype=tf.int64)",
    ),
    ("tf.one_hot(tf.to_int32(weights > 0.5), 3)", "tf.to_int32(weights > 0.5)"),
    ("tf.one_hot(tf.argmax(logits, -1), tf.shape(logits)[-1])", "tf.argmax(logits, -1)"),
    ("tf.one_hot(tf.argmax(logits, axis=-1), logits.shape[-1])", "tf.argmax(logits, axis=-1)"),
    ("tf.one_hot(tf.argmax(logits, -1), logits.get_shape()[-1])", "tf.argmax(logits, -1)"),
]
OTHERS = [
    "tf.one_hot(tf.argmax(labels, -1), 3)",
    "tf.one_hot([0, 2, 1, 3], 3)",
    "tf.one_hot([0, 2, 1, -1], 3)",
    "tf.one_hot([0, 2, 1, N], 3)",
    "tf.one_hot([0, 2, 1, 0], DEPTH)",
    "tf.one_hot(tf.cast(weights, tf.int32), 3)",
    "tf.one_hot(tf.cast(weights > 0, tf.uint8), 3)",
    "tf.one_hot([0, 2, 1, 0], 3, 1.0, 0.0)",
    "tf.one_hot([0, 2, 1, 0], 3, off_value=0.0)",
    "tf.one_hot([0, 2, 1, 0], 3, axis=-1)",
    "tf.one_hot(tf.argmax(logits, -1), tf.shape(labels)[-1])",
    "tf.one_hot(tf.argmax(labels, -1), tf.shape(labels)[-1])",
    "tf.one_hot(tf.argmax(logits, 1), tf.shape(logits)[1])",
    "tf.one_hot(\n        [0, 2, 1, 0],  # ids\n        3)",
]
# These may not be plain one-hot labels.
OTHER_LABELS = [
    "tf.one_hot([0, 2, 1, 0], 3, 0.9)",
    "tf.one_hot([0, 2, 1, 0], 3, on_value=0.9, off_value=0.05)",
    "tf.one_hot([0, 2, 1, 0], 3, off_value=N)",
    "tf.one_hot([0, 2, 1], 3, axis=0)",
    "tf.one_hot([0, 2, 1, 0], 3, {[]: 1})",
    "tf.one_hot([0, 2, 1, 0], **{'depth': 3})",
    "tf.one_hot(*[[0, 2, 1, 0], 3])",
]
BEFORE = "CLASSES = 3\nDEPTH = 2\nDEPTH += 1\nN = len('xx')\n"


@pytest.mark.parametrize(("labels", "ids"), PROVEN)
def test_proven(labels: str, ids: str) -> None:
    new = check_loss_object(loss_call(f"{labels}, logits, weights, 0.1", BEFORE))
    assert f"y_true={ids}, y_pred=tf.identity(logits)" in new
    assert "SparseCategoricalCrossentropy(" in new
    _, findings = ported(loss_call(f"{labels}, logits", BEFORE), "keras")
    assert "the class ids, without tf.one_hot" in findings[0].message


@pytest.mark.parametrize("labels", OTHERS)
def test_not_proven(labels: str) -> None:
    source = loss_call(f"{labels}, logits, weights", BEFORE)
    new = check_loss_object(source)
    assert "SparseCategoricalCrossentropy(" not in new
    assert f"y_true={labels}" in new
    _, findings = ported(source, "keras")
    assert "if every id is a class, keras_xent.SparseCategoricalCrossentropy" in (
        findings[0].message
    )


@pytest.mark.parametrize("labels", OTHER_LABELS)
def test_labels_that_may_not_be_plain_one_hot_labels(labels: str) -> None:
    new, findings = ported(loss_call(f"{labels}, logits, weights", BEFORE), "keras")
    assert f"y_true={labels}" in new
    assert not [each for each in findings if "SparseCategoricalCrossentropy" in each.message]


NN = (
    "import tensorflow.compat.v1 as tf\n\n\ndef loss(labels, logits, weights):\n"
    "    return tf.nn.{}(labels=tf.one_hot({}), logits=logits{})\n"
)
ARGMAX = "tf.argmax(logits, -1), tf.shape(logits)[-1]"


@pytest.mark.parametrize(
    "ids",
    [
        "[1], 3",
        "1, 3",
        "[1, 0], 3",
        "[[0, 1], [1, 0]], 3",
        "tf.constant([0, 1]), 3",
        "tf.range(1), 3",
        "tf.cast(weights > 0.5, tf.int32), 3",
    ],
)
def test_the_nn_functions_broadcast_labels(ids: str) -> None:
    """TensorFlow does, and the ids can't be."""
    for name in ("softmax_cross_entropy_with_logits_v2", "softmax_cross_entropy_with_logits"):
        new, _ = ported(NN.format(name, ids, ""), "keras")
        assert f"y_true=tf.one_hot({ids})" in new
        assert "SparseCategorical" not in new


@pytest.mark.parametrize(
    ("ids", "is_sparse"),
    [
        ("[1]", False),
        ("1", False),
        ("[[1], [0]]", False),
        ("[[0, 1]]", False),
        ("tf.constant([0])", False),
        ("tf.range(1)", False),
        ("tf.range(3)", True),
        ("[[0, 1], [1, 0]]", True),
    ],
)
def test_one_id_may_be_broadcast(ids: str, is_sparse: bool) -> None:
    """TF1's losses compare the shapes, but not where the number of logits isn't known."""
    new, _ = ported(loss_call(f"tf.one_hot({ids}, 3), logits"), "keras")
    assert ("SparseCategorical" in new) == is_sparse


def test_the_nn_functions() -> None:
    source = NN.replace("{}),", f"{ARGMAX}),")
    for name in ("softmax_cross_entropy_with_logits_v2", "softmax_cross_entropy_with_logits"):
        new = check_loss_object(source.format(name, ""))
        assert "y_true=tf.argmax(logits, -1), y_pred=tf.identity(logits)" in new
        assert "SparseCategorical" in check_loss_object(source.format(name, ", dim=-1"))
    new = ported(source.format("softmax_cross_entropy_with_logits_v2", ", axis=0"), "keras")[0]
    assert "SparseCategorical" not in new


def test_one_class() -> None:
    """TF1 broadcasts labels of one class."""
    new, _ = ported(loss_call("tf.one_hot([0, 0, 0, 0], 1), logits"), "keras")
    assert "SparseCategorical" not in new


def test_only_with_the_target() -> None:
    source = loss_call("tf.one_hot([0, 2, 1, 0], 3), logits")
    new, findings = ported(source)
    assert "tf.one_hot" in new
    assert "SparseCategorical" not in findings[0].message


def test_what_stays_on_v1_is_told_too() -> None:
    source = loss_call("tf.one_hot(tf.argmax(labels, -1), 3), logits, scope='x'")
    _, (finding,) = ported(source, "keras")
    assert "a loss object has no scope=. The labels come from tf.one_hot" in finding.message


def test_labels_that_were_made_before() -> None:
    source = loss_call("HOT, logits", "HOT = tf.one_hot([0, 2, 1, 0], 3)\n")
    new, (finding,) = ported(source, "keras")
    assert "y_true=HOT" in new
    assert "The labels come from tf.one_hot" in finding.message


def test_other_labels() -> None:
    _, (finding,) = ported(loss_call("labels, logits"), "keras")
    assert "one_hot" not in finding.message


def test_ids_that_look_swapped() -> None:
    check_flagged(loss_call("logits, tf.one_hot([0, 2, 1, 0], 3)"), "KX101", "look swapped")


@pytest.mark.parametrize("more", ["name=(n := 'x')", "name=make()", "dtype=pick()"])
def test_what_would_be_lost_stays(more: str) -> None:
    new, _ = ported(loss_call(f"tf.one_hot([0, 2, 1, 0], 3, {more}), logits"), "keras")
    assert f"tf.one_hot([0, 2, 1, 0], 3, {more})" in new
    assert "SparseCategoricalCrossentropy(" not in new
