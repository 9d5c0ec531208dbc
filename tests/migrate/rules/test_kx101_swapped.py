"""KX101."""

from __future__ import annotations

import pytest
from migrate.tools import check_flagged, check_not_found, check_stays_v1

from keras_xent_cli.migrate.rules.kx101_swapped import RULE

SWAPPED = [
    "tf.losses.softmax_cross_entropy(logits, labels)",
    "tf.losses.softmax_cross_entropy(self.logits, self.labels)",
    "tf.losses.softmax_cross_entropy(logits=onehot_labels, onehot_labels=logits)",
    "tf.losses.softmax_cross_entropy(predictions, targets)",
    "tf.losses.softmax_cross_entropy(y_pred, y_true)",
    "tf.losses.softmax_cross_entropy(outputs['logits'], batch['label'])",
    "tf.losses.softmax_cross_entropy(x, tf.one_hot(y, 3))",
    "tf.losses.softmax_cross_entropy(net, tf.contrib.slim.one_hot_encoding(y, 3))",
    "tf.losses.softmax_cross_entropy(tf.cast(logits, tf.float32), labels)",
    "tf.nn.softmax_cross_entropy_with_logits_v2(logits, labels)",
    "tf.nn.softmax_cross_entropy_with_logits(labels=logits, logits=labels)",
    "slim.losses.softmax_cross_entropy(labels, logits)",
    "tf.losses.sparse_softmax_cross_entropy(logits, labels)",
    "tf.losses.sigmoid_cross_entropy(logits, labels)",
    "tf.nn.sigmoid_cross_entropy_with_logits(labels=logits, logits=labels)",
    "slim.losses.sparse_softmax_cross_entropy(labels, logits)",
]
RIGHT = [
    "tf.losses.softmax_cross_entropy(labels, logits)",
    "tf.losses.softmax_cross_entropy(y_, y)",
    "tf.losses.softmax_cross_entropy(onehot_labels=x, logits=z)",
    "tf.losses.softmax_cross_entropy(tf.nn.softmax(teacher_logits), logits)",
    "tf.losses.softmax_cross_entropy(teacher_logits, student_logits)",
    "tf.losses.softmax_cross_entropy(label_logits, net)",
    "tf.losses.softmax_cross_entropy(target_outputs, outputs)",
    "tf.losses.softmax_cross_entropy(a, b)",
    "tf.losses.softmax_cross_entropy(*batch)",
    "tf.losses.softmax_cross_entropy(logits, **arguments)",
    "tf.losses.softmax_cross_entropy(logits=onehot_labels)",
    "tf.nn.sparse_softmax_cross_entropy_with_logits(ids, logits)",
    "tf.nn.sparse_softmax_cross_entropy_with_logits(tf.one_hot(y, 3), logits)",
    "tf.nn.sigmoid_cross_entropy_with_logits(y, logits)",
    "tf.nn.softmax_cross_entropy_with_logits(y, logits)",
    "slim.losses.softmax_cross_entropy(logits, labels)",
    "slim.losses.softmax_cross_entropy(predictions, onehot_labels)",
    "tf.losses.compute_weighted_loss(logits, labels)",
    "tf.losses.sparse_softmax_cross_entropy(labels, logits)",
    "tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x)",
    "slim.losses.sigmoid_cross_entropy(logits, labels)",
]
IMPORTS = "import tensorflow.compat.v1 as tf\nfrom tensorflow.contrib import slim\n"


@pytest.mark.parametrize("call", SWAPPED)
def test_flagged(call: str) -> None:
    check_flagged(f"{IMPORTS}value = {call}\n", "KX101", "look swapped", line=3)


@pytest.mark.parametrize("call", RIGHT)
def test_not_found(call: str) -> None:
    check_not_found(f"{IMPORTS}value = {call}\n", "KX101")


def test_message_names_both() -> None:
    found = check_flagged(
        f"{IMPORTS}value = tf.losses.softmax_cross_entropy(\n"
        "    self.network_of_the_model.logits[:, 0],\n    labels)\n",
        "KX101",
        "passes self.network_of_the_model.logits[:, 0] as labels and labels as logits",
    )
    assert found.message.endswith("Pass labels and logits by keyword")


def test_keywords_are_to_be_swapped() -> None:
    call = "tf.losses.softmax_cross_entropy(onehot_labels=logits, logits=labels)"
    found = check_flagged(f"{IMPORTS}value = {call}\n", "KX101", "passes logits as labels")
    assert found.message.endswith("If so, swap them")


@pytest.mark.parametrize(("length", "shown"), [(40, "{}"), (41, "{:.37}...")])
def test_the_message_shortens_long_arguments(length: int, shown: str) -> None:
    argument = f"self.{'a' * (length - len('self..logits'))}.logits"
    source = f"{IMPORTS}value = tf.losses.softmax_cross_entropy({argument}, labels)\n"
    check_flagged(source, "KX101", f"passes {shown.format(argument)} as labels and labels as ")


def test_labels_that_were_assigned() -> None:
    check_flagged(
        f"{IMPORTS}hot = tf.one_hot(y, 3)\nvalue = tf.losses.softmax_cross_entropy(x, hot)\n",
        "KX101",
        "look swapped",
    )


def test_no_loss_object() -> None:
    """Keras's would send a gradient into the labels, or stop another one."""
    check_stays_v1(
        f"{IMPORTS}value = tf.losses.softmax_cross_entropy(logits, labels)\n",
        "its labels and logits look swapped",
    )


def test_it_is_counted_among_the_mistakes_of_the_program() -> None:
    assert RULE.is_defect
