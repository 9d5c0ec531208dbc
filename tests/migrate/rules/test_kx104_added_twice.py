"""KX104."""

from __future__ import annotations

import pytest
import tensorflow as tf
from migrate import executing
from migrate.tools import check_flagged, check_not_found, check_stays_v1, ported

from keras_xent_cli.migrate.rules.kx104_added_twice import RULE

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
    "total += tf.losses.get_total_loss()",
    "def f(loss):\n    loss += tf.losses.get_total_loss()",
]


@pytest.mark.parametrize("line", TWICE)
def test_flagged(line: str) -> None:
    check_flagged(f"import tensorflow as tf\n{LOSS}{line}\n", "KX104", "counts it twice")


def test_the_loss_that_is_added_is_named() -> None:
    source = f"import tensorflow as tf\n{LOSS}tf.losses.add_loss(loss)\n"
    check_flagged(source, "KX104", "loss joined the loss collection when it was computed")


@pytest.mark.parametrize("line", ONCE)
def test_not_found(line: str) -> None:
    check_not_found(f"import tensorflow as tf\n{LOSS}{line}\n", "KX104")


def test_not_in_a_collection() -> None:
    for loss in [
        "loss = tf.losses.softmax_cross_entropy(y, x, loss_collection=None)\n",
        "loss = tf.losses.softmax_cross_entropy(y, x, loss_collection='mine')\n",
        "mine = 'mine'\nloss = tf.losses.softmax_cross_entropy(y, x, loss_collection=mine)\n",
        "loss = tf.losses.softmax_cross_entropy(y, x, loss_collection=tf.GraphKeys.SUMMARIES)\n",
        "loss = tf.losses.softmax_cross_entropy(y, x, loss_collection=unknown)\n",
        "def f(y, x, given=None):\n"
        "    tf.losses.add_loss(tf.losses.softmax_cross_entropy(y, x, loss_collection=given))\n",
        "loss = tf.nn.softmax_cross_entropy_with_logits_v2(y, x)\n",
    ]:
        check_not_found(f"import tensorflow as tf\n{loss}{TWICE[0]}\n", "KX104")


@pytest.mark.parametrize("collection", ["'losses'", "tf.GraphKeys.LOSSES"])
@pytest.mark.parametrize("line", ["total = loss + tf.losses.get_total_loss()", TWICE[-2]])
def test_the_default_collection_by_its_name(collection: str, line: str) -> None:
    loss = f"loss = tf.losses.softmax_cross_entropy(y, x, loss_collection={collection})\n"
    check_flagged(f"import tensorflow as tf\n{loss}{line}\n", "KX104", "counts it twice")


def test_contribs_joins_too() -> None:
    check_flagged(
        "import tensorflow as tf\nfrom tensorflow.contrib import slim\n"
        "loss = slim.losses.softmax_cross_entropy(logits, labels)\n"
        "total = loss + slim.losses.get_total_loss()\n",
        "KX104",
        "counts it twice",
    )


def test_no_loss_object() -> None:
    check_stays_v1(
        f"import tensorflow as tf\n{LOSS}{TWICE[0]}\n", "reads the loss collection (file.py:3)"
    )


SUM = """\
import tensorflow as tf


def total(labels, logits):
    tf.losses.add_loss(tf.constant(1.0))
    loss = tf.losses.softmax_cross_entropy(labels, logits)
    return loss + tf.losses.get_total_loss()
"""


@pytest.mark.parametrize(
    "once",
    [
        SUM.replace("loss + ", ""),
        SUM.replace("logits)\n    return", "logits, loss_collection=None)\n    return"),
    ],
)
def test_what_is_said_counts_it_once(once: str) -> None:
    check_flagged(SUM, "KX104", "Leave the loss out of the sum, or, if the collection has other")
    loss = value(SUM.replace("+ tf.losses.get_total_loss()", ""))
    assert value(SUM) == pytest.approx(2 * loss + 1.0)
    assert value(once) == value(ported(once)[0]) == pytest.approx(loss + 1.0)


def value(program: str) -> float:
    with tf.Graph().as_default() as graph:
        labels, logits = tf.one_hot([0, 2], 3), tf.constant([[1.0, 2.0, 0.0], [0.0, 0.0, 1.0]])
        total = executing.program(program)["total"](labels, logits)
        with tf.compat.v1.Session(graph=graph) as session:
            return float(session.run(total))


def test_it_is_counted_among_the_mistakes_of_the_program() -> None:
    assert RULE.is_defect
