"""Removes an extra last dimension of 1 from class ids, logits and weights, as TF1 does.

Data often comes as columns: labels and weights of shape [N, 1] for logits of shape [N, C]. TF1's
sparse loss removes that dimension from each of them whose rank is one too high.
"""

from __future__ import annotations

import tensorflow as tf


def squeezed(
    labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Labels, logits and weights without an extra last dimension of 1.

    Logits should have one dimension more than labels. If both have the same number of dimensions,
    the labels are squeezed. If the logits have two dimensions more, the logits are squeezed. Then
    the weights are squeezed if they have one dimension more than the labels. Other tensors are
    returned unchanged.
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
    """`_without_last` if the condition, which is known only when a graph runs, is true."""
    if not _may_end_in_one(tensor):
        return tensor
    shape = tf.shape(tensor)
    kept = shape[: tf.size(shape) - tf.cast(condition, tf.int32)]
    # A negative size raises an error, even if the tensor is empty.
    ends_in_one = tf.reduce_all(tf.equal(shape[-1:], 1))
    return tf.reshape(tensor, tf.where(ends_in_one | ~condition, kept, -2))


def _may_end_in_one(tensor: tf.Tensor) -> bool:
    shape = tensor.shape
    if shape.rank is None:
        return True
    return shape.rank > 0 and shape.as_list()[-1] in (1, None)
