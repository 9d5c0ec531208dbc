"""Whole programs, before and after, in the ways in which TensorFlow runs them.

The tables of the rules' tests run eagerly; here are the traced function and TF1's session, and the
dtypes and shapes that the tables don't have.
"""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from migrate import executing
from migrate.tools import TARGETS, ported

PROGRAMS = {
    "masked language model": """\
import tensorflow.compat.v1 as tf


def loss(labels, logits, weights):
    mask = tf.cast(tf.greater(weights, 0.0), tf.float32)
    per_example = tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)
    return tf.losses.compute_weighted_loss(per_example, mask)
""",
    "smoothed classifier": """\
import tensorflow as tf


def loss(labels, logits, weights):
    return tf.losses.softmax_cross_entropy(
        onehot_labels=labels,
        logits=logits,
        weights=weights,
        label_smoothing=0.1,
    )
""",
    "distillation": """\
import tensorflow as tf


def loss(labels, logits, weights):
    teacher = tf.exp(logits) / tf.reduce_sum(tf.exp(logits), -1, keepdims=True)
    soft = tf.losses.softmax_cross_entropy(teacher, logits, reduction=tf.losses.Reduction.NONE)
    hard = tf.losses.softmax_cross_entropy(labels, logits, weights, scope="hard")
    return 0.3 * tf.reduce_mean(soft) + hard
""",
    "functools.partial": """\
import functools
import tensorflow.compat.v1 as tf

smoothed = functools.partial(
    tf.losses.softmax_cross_entropy, label_smoothing=0.2, reduction=tf.losses.Reduction.MEAN)


def loss(labels, logits, weights):
    return smoothed(labels, logits, weights=weights)
""",
    "old nn function": """\
import tensorflow as tf

graph_only = lambda: tf.placeholder(tf.float32)


def loss(labels, logits, weights):
    labels = labels + 0.1 * logits
    cross_entropy = tf.nn.softmax_cross_entropy_with_logits(logits=logits, labels=labels)
    return tf.reduce_mean(cross_entropy * weights)
""",
    "slim": """\
import tensorflow as tf
from tensorflow.contrib import slim


def loss(labels, logits, weights):
    return slim.losses.softmax_cross_entropy(logits, labels, weights, label_smoothing=0.1)
""",
    "sequence of ids": """\
import tensorflow.compat.v1 as tf


def loss(labels, logits, weights):
    ids = tf.argmax(labels, -1, output_type=tf.int32)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=ids, logits=logits)
    masked = tf.losses.sparse_softmax_cross_entropy(ids, logits, weights)
    return tf.reduce_sum(losses * weights) / tf.reduce_sum(weights) + masked
""",
    "discriminator": """\
import tensorflow as tf


def loss(labels, logits, weights):
    real = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
        logits=logits, labels=tf.ones_like(logits)))
    classes = tf.losses.sigmoid_cross_entropy(labels, logits, weights[:, None], 0.1)
    return real + classes + tf.losses.sigmoid_cross_entropy(labels, logits, 0.3)
""",
    "sum, with a class axis": """\
import tensorflow.compat.v1 as tf
from tensorflow.python.ops.losses import losses


def loss(labels, logits, weights):
    total = losses.softmax_cross_entropy(labels, logits, weights, reduction="weighted_sum")
    other = tf.nn.softmax_cross_entropy_with_logits_v2(labels, logits, dim=0)
    return total + tf.reduce_sum(other)
""",
}


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_programs(name: str) -> None:
    before = PROGRAMS[name]
    after = [ported(before, target)[0] for target in TARGETS]
    assert all(text != before for text in after)
    executing.check_same(before, after, run_in=["eager", "traced"])


@pytest.mark.parametrize("name", ["masked language model", "smoothed classifier"])
def test_in_a_session(name: str) -> None:
    """Few of them, for a session takes long; the placeholders' shapes are unknown."""
    after = [ported(PROGRAMS[name], target)[0] for target in TARGETS]
    executing.check_same(PROGRAMS[name], after, run_in=["tf1_graph"])


LOSS = """\
import tensorflow as tf


def loss(labels, logits, weights):
    return tf.losses.softmax_cross_entropy({})
"""


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_other_dtypes(dtype: type) -> None:
    """keras_xent.v1 keeps them; of the loss object the report says that it takes float32."""
    before = LOSS.format("labels, logits, weights, 0.1")
    labels, logits, weights = executing.inputs()
    arrays = [labels, logits.astype(dtype), weights]
    theirs = executing.results(before, arrays)
    ours = executing.results(ported(before)[0], arrays)
    assert ours[0].dtype == theirs[0].dtype == dtype
    tolerance = 5e-3 if dtype == np.float16 else 1e-6
    for our, their in zip(ours, theirs):
        np.testing.assert_allclose(our, their, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8, np.bool_, np.float64])
def test_dtypes_of_labels_and_weights(dtype: type, target: str) -> None:
    before = LOSS.format("labels, logits, weights, reduction=tf.losses.Reduction.MEAN")
    labels, logits, weights = executing.inputs()
    arrays = [labels.astype(dtype), logits, np.ceil(weights).astype(dtype)]
    theirs = executing.program(before)["loss"](*map(tf.constant, arrays))
    ours = executing.program(ported(before, target)[0])["loss"](*map(tf.constant, arrays))
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("reduction", ["NONE", "SUM", "MEAN", "SUM_OVER_BATCH_SIZE"])
def test_extremes(reduction: str, target: str) -> None:
    """No example, no weight, one class."""
    before = LOSS.format(f"labels, logits, weights, reduction=tf.losses.Reduction.{reduction}")
    after, _ = ported(before, target)
    labels, logits, weights = executing.inputs()
    for arrays in [
        (labels[:0], logits[:0], weights[:0]),
        (labels, logits, 0 * weights),
        (0 * labels, logits, weights),
        (labels, 100 * logits, -weights),
    ]:
        executing.assert_same(executing.results(after, arrays), executing.results(before, arrays))


@pytest.mark.parametrize("weights", ["weights[:, None]", "weights[None]", "weights[:3]"])
def test_weights_that_tf1_refuses(weights: str) -> None:
    """The port to keras_xent.v1 refuses them as well."""
    before = LOSS.format(f"labels, logits, {weights}")
    after, _ = ported(before)
    for source in [before, after]:
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
            executing.results(source, executing.inputs())


def test_collections() -> None:
    """In a graph the port joins the collection, under the name by which programs fetch it."""
    before = LOSS.format("labels, logits, weights")
    for target in TARGETS:
        source = before + "\n\ntotal = tf.losses.get_total_loss\n"
        after, _ = ported(source, target)
        names = []
        for text in [source, after]:
            with tf.Graph().as_default():
                program = executing.program(text)
                program["loss"](*map(tf.constant, executing.inputs()))
                names.append([loss.name for loss in tf.compat.v1.losses.get_losses()])
        assert names[0] == names[1] == ["softmax_cross_entropy_loss/value:0"]
