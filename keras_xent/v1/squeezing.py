"""Class ids and weights with a last dimension of 1 that is one too many, as TF1 takes them.

Data often comes as columns: labels and weights of shape [N, 1] beside logits of shape [N, C].
TF1's sparse loss drops that dimension, in labels, logits and weights, each where it has a rank
that is one too high.
"""

from __future__ import annotations

from typing import Tuple

import tensorflow as tf


def squeezed(
    labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor
) -> Tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Labels, logits and weights without such a dimension.

    Logits have one more dimension than labels: beside labels that have as many, the labels have one
    too many, and beside labels that have two fewer, the logits. Weights have one too many if they
    have one more than the labels that are left. What doesn't fit otherwise stays as it is.
    """
    rank, labels_rank = logits.shape.rank, labels.shape.rank
    if rank is not None and labels_rank is not None:
        if rank == labels_rank + 2:
            logits = _without_last(logits)
        elif rank == labels_rank:
            labels = _without_last(labels)
    else:
        more = tf.rank(logits) - tf.rank(labels)
        logits = _without_last_where(logits, tf.equal(more, 2))
        labels = _without_last_where(labels, tf.equal(more, 0))
    weights_rank, labels_rank = weights.shape.rank, labels.shape.rank
    if weights_rank == 0:
        return labels, logits, weights
    if weights_rank is not None and labels_rank is not None:
        if weights_rank == labels_rank + 1:
            weights = _without_last(weights)
    else:
        weights = _without_last_where(weights, tf.equal(tf.rank(weights) - tf.rank(labels), 1))
    return labels, logits, weights


def _without_last(tensor: tf.Tensor) -> tf.Tensor:
    return tf.squeeze(tensor, [-1]) if _may_end_in_one(tensor) else tensor


def _without_last_where(tensor: tf.Tensor, condition: tf.Tensor) -> tf.Tensor:
    """The same where the condition holds, which is known when a graph runs."""
    if not _may_end_in_one(tensor):
        return tensor
    shape = tf.shape(tensor)
    kept = shape[: tf.size(shape) - tf.cast(condition, tf.int32)]
    # A negative size is an error, also of an empty tensor.
    ends_in_one = tf.reduce_all(tf.equal(shape[-1:], 1))
    return tf.reshape(tensor, tf.where(ends_in_one | ~condition, kept, -2))


def _may_end_in_one(tensor: tf.Tensor) -> bool:
    shape = tensor.shape
    if shape.rank is None:
        return True
    return shape.rank > 0 and shape.as_list()[-1] in (1, None)
