"""KX103."""

from __future__ import annotations

import pytest
from migrate.tools import check_flagged, check_not_found, check_stays_v1

from keras_xent_cli.migrate.finding import Action

CALL = "tf.losses.softmax_cross_entropy(labels, logits)"


@pytest.mark.parametrize(
    "statement",
    [
        CALL,
        f"_ = {CALL}",
        f"if x:\n    {CALL}",
        f"def f():\n    '''It.'''\n    {CALL}\n    return tf.losses.get_total_loss()",
        "tf.losses.compute_weighted_loss(losses, weights)",
        "tf.contrib.losses.softmax_cross_entropy(logits, labels)",
        "f = tf.losses.softmax_cross_entropy\nf(labels, logits)",
        f"with self.session():\n    {CALL}",
        f"with raises:\n    {CALL}",
        "tf.losses.softmax_cross_entropy(labels, logits, loss_collection='mine')",
        f"tf.losses.softmax_cross_entropy(labels, logits, loss_collection=None)\n{CALL}",
    ],
)
def test_flagged(statement: str) -> None:
    """On v1 the loss counts as it did, so that nothing has to be done yet."""
    source = f"import tensorflow as tf\n{statement}\n"
    said = "the loss has an effect only through the loss collection"
    check_flagged(source, "KX103", said, target="keras")
    check_flagged(source, "KX103", said, action=Action.NOTED)


@pytest.mark.parametrize(
    "statement",
    [
        f"value = {CALL}",
        f"def f():\n    return {CALL}",
        f"f = lambda: {CALL}",
        f"print({CALL})",
        f"a, _ = {CALL}, 1",
        "tf.nn.softmax_cross_entropy_with_logits_v2(labels, logits)",
        # What is meant to raise an error gives no loss.
        f"with self.assertRaises(ValueError):\n    {CALL}",
        f"with self.assertRaisesRegex(ValueError, 'rank'):\n    with x:\n        _ = {CALL}",
        f"with self.assertRaisesRegexp(ValueError, 'a'), self.cached_session():\n    {CALL}",
        f"with test.assertRaisesOpError('x'):\n    {CALL}",
        f"with pytest.raises(ValueError, match='x') as error:\n    {CALL}",
        f"with raises(\n    ValueError):\n    {CALL}",
        # It joins nothing.
        "tf.losses.softmax_cross_entropy(labels, logits, loss_collection=None)",
    ],
)
def test_not_found(statement: str) -> None:
    check_not_found(f"import tensorflow as tf\n{statement}\n", "KX103")


def test_once_a_file() -> None:
    found = check_flagged(
        f"import tensorflow as tf\nx = 1\n{CALL}\nvalue = {CALL}\n{CALL}\n{CALL}\n",
        "KX103",
        "#a-result-that-is-ignored (2 more places in this file)",
        line=3,
        target="keras",
    )
    assert found.message.startswith("the result is ignored: ")


def test_those_with_a_comment_do_not_count() -> None:
    source = f"import tensorflow as tf\n{CALL}  # keras-xent: ignore\n{CALL}\n{CALL}\n"
    check_flagged(source, "KX103", "(1 more place in this file)", 3, target="keras")


@pytest.mark.parametrize("statement", [CALL, f"_ = {CALL}"])
def test_no_loss_object(statement: str) -> None:
    """A loss object joins no collection: the loss would be lost without a word."""
    check_stays_v1(f"import tensorflow as tf\n{statement}\n", "its result is ignored")
