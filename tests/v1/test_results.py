"""Results in a graph have TF1's names and join its collections; eagerly they stay as they are."""

from __future__ import annotations

import pytest
import tensorflow as tf

from keras_xent import Reduction
from keras_xent.v1 import results


def test_eagerly_nothing_is_added_to_the_tensor() -> None:
    loss = tf.constant(1.0)
    assert results.named(loss, "name") is loss
    assert results.collected(loss, Reduction.SUM, "losses", False) is loss


def test_other_ops_leave_the_name_to_the_result() -> None:
    with tf.Graph().as_default(), tf.name_scope("scope"):
        with results.op_scope():
            loss = tf.multiply(2.0, 3.0, name="value")
        assert results.named(loss, "value").name == "scope/value:0"


@pytest.mark.parametrize(
    ("reduction", "smoothed", "name"),
    [
        (Reduction.NONE, False, "Mul"),
        (Reduction.NONE, True, "Mul_1"),
        (Reduction.SUM, True, "Sum"),
        (Reduction.MEAN, True, "value"),
        (Reduction.SUM_OVER_BATCH_SIZE, False, "value"),
        (Reduction.SUM_BY_NONZERO_WEIGHTS, False, "value"),
    ],
)
def test_a_collected_loss_is_named_after_its_reduction(
    reduction: Reduction, smoothed: bool, name: str
) -> None:
    with tf.Graph().as_default():
        loss = results.collected(tf.constant(1.0), reduction, "mine", smoothed)
        assert loss.op.name == name
        assert tf.compat.v1.losses.get_losses(loss_collection="mine") == [loss]


@pytest.mark.parametrize("name", ["SUM", "MEAN", "SUM_OVER_BATCH_SIZE"])
def test_tf1s_optimizers_learn_the_reduction(name: str) -> None:
    with tf.Graph().as_default() as ours:
        results.collected(tf.constant(1.0), Reduction[name], None, False)
    with tf.Graph().as_default() as theirs:
        reduction = getattr(tf.compat.v1.losses.Reduction, name)
        tf.compat.v1.losses.compute_weighted_loss([1.0], reduction=reduction)
    assert ours._last_loss_reduction == theirs._last_loss_reduction
