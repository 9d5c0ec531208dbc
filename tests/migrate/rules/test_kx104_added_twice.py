"""KX104."""

from __future__ import annotations

import pytest
from migrate.tools import check_flagged, check_not_found, check_stays_v1

LOSS = "loss = tf.losses.softmax_cross_entropy(labels, logits)\n"

TWICE = [
    "loss += tf.losses.get_total_loss()",
    "total = loss + tf.losses.get_total_loss()",
    "total = tf.losses.get_total_loss() + loss",
    "total = aux + loss + tf.losses.get_total_loss()",
    "rest = tf.losses.get_total_loss()\ntotal = loss + rest",
    "total = tf.add_n([loss, tf.losses.get_total_loss()])",
    "total = tf.add_n([loss] + tf.losses.get_losses())",
    "total = tf.add(loss, tf.losses.get_total_loss())",
    "total = loss + tf.add_n(tf.losses.get_losses())",
    "total = [loss] + tf.losses.get_losses()",
    "tf.losses.add_loss(loss)",
    "total = tf.losses.softmax_cross_entropy(labels, x) + tf.losses.get_total_loss()",
]
ONCE = [
    "loss += tf.losses.get_regularization_loss()",
    "tf.losses.add_loss(other)",
    "total = loss + aux",
    "total = tf.losses.get_total_loss()",
    "total = tf.add_n([loss] + tf.losses.get_regularization_losses())",
    "total = other + tf.losses.get_total_loss()",
    "total = loss * tf.losses.get_total_loss()",
]


@pytest.mark.parametrize("line", TWICE)
def test_flagged(line: str) -> None:
    check_flagged(f"import tensorflow as tf\n{LOSS}{line}\n", "KX104", "it counts twice")


@pytest.mark.parametrize("line", ONCE)
def test_not_found(line: str) -> None:
    check_not_found(f"import tensorflow as tf\n{LOSS}{line}\n", "KX104")


def test_not_in_a_collection() -> None:
    for loss in [
        "loss = tf.losses.softmax_cross_entropy(y, x, loss_collection=None)\n",
        "loss = tf.nn.softmax_cross_entropy_with_logits_v2(y, x)\n",
    ]:
        check_not_found(f"import tensorflow as tf\n{loss}{TWICE[0]}\n", "KX104")


def test_contribs_joins_too() -> None:
    check_flagged(
        "import tensorflow as tf\nfrom tensorflow.contrib import slim\n"
        "loss = slim.losses.softmax_cross_entropy(logits, labels)\n"
        "total = loss + slim.losses.get_total_loss()\n",
        "KX104",
        "it counts twice",
    )


def test_no_loss_object() -> None:
    check_stays_v1(
        f"import tensorflow as tf\n{LOSS}{TWICE[0]}\n", "the loss collection is read (file.py:3)"
    )
