"""The loss for class ids, if each loss has its own number of classes.

One vector holds the concatenated classes of all losses. The alternative, a padded matrix, would
have a size that XLA can't know.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_xent.ops import checks
from keras_xent.ops.spec import real_dtype


def losses(
    classes: Any,
    logits: tf.Tensor,
    ids: tf.Tensor,
    kept: tf.Tensor | None,
    label_smoothing: float,
) -> tf.Tensor:
    """The losses. Those that have no classes or aren't kept are 0.

    Args:
        classes: a ragged tensor with a row of classes for each loss.
        logits: the logits of all classes.
        ids: for each loss, the class within its row.
        kept: which losses to compute. None computes all.
        label_smoothing: the label smoothing, in [0, 1].

    Raises:
        tf.errors.InvalidArgumentError: an id is out of its row's range. Under XLA, the loss is
            NaN instead.
    """
    real = real_dtype(logits.dtype)
    rows, counts = classes.value_rowids(), classes.row_lengths()
    ids, is_class = _checked(tf.cast(ids, counts.dtype), counts, kept)
    x = tf.cast(logits, real)
    if kept is not None:
        x = tf.where(tf.gather(kept, rows), x, tf.zeros([], real))
    place = tf.range(tf.size(x, counts.dtype)) - tf.gather(classes.row_starts(), rows)
    is_label = tf.equal(place, tf.gather(ids, rows))
    labels = tf.where(is_label, tf.constant(1 - label_smoothing, real), tf.zeros([], real))
    if label_smoothing:
        labels += tf.gather(label_smoothing / tf.cast(counts, real), rows)
    # A class whose label is 0 adds nothing, even if its logit is -inf.
    terms = tf.math.multiply_no_nan(_log_softmax(x, rows, classes.nrows()), labels)
    each = -tf.math.unsorted_segment_sum(terms, rows, classes.nrows())
    each = tf.where(is_class, each, tf.constant(float("nan"), real))
    if kept is not None:
        each = tf.where(kept, each, tf.zeros([], real))
    return tf.cast(each, logits.dtype)


def _log_softmax(x: tf.Tensor, rows: tf.Tensor, num_rows: tf.Tensor) -> tf.Tensor:
    """The logarithms of the softmax of each row, concatenated."""
    largest = tf.stop_gradient(tf.math.unsorted_segment_max(x, rows, num_rows))
    below = x - tf.gather(largest, rows)
    totals = tf.math.unsorted_segment_sum(tf.exp(below), rows, num_rows)
    return below - tf.gather(tf.math.log(totals), rows)


def _checked(ids: tf.Tensor, counts: tf.Tensor, kept: tf.Tensor | None) -> Any:
    """The ids, and which of them are in range. Ids that aren't kept count as in range."""
    is_class = (ids >= 0) & (ids < counts)
    if kept is not None:
        is_class |= ~kept
    message = "y_true has class ids that are out of range: the ids and the numbers of classes are"
    all_are = tf.reduce_all(is_class)
    with tf.control_dependencies([checks.assert_true(all_are, message, ids, counts)]):
        return tf.identity(ids), is_class
