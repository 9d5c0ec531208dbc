"""One denominator for all replicas of a `tf.distribute.Strategy`.

Weights and padding are spread unevenly over the replicas, so the mean of the replicas' losses isn't
the loss of the whole batch. With `normalization="global"`, the denominator is summed over all
replicas. Then the replicas' losses and gradients add up to those of the whole batch.
"""

from __future__ import annotations

from typing import Any, Literal

import tensorflow as tf

from keras_xent.ops import weighting
from keras_xent.reduction import Reduction

Normalization = Literal["replica", "global"]


def normalization_of(normalization: Any) -> Normalization:
    """The normalization.

    Raises:
        ValueError: it is neither "replica" nor "global".
    """
    if normalization not in ("replica", "global"):
        raise ValueError(
            f"normalization is {normalization!r}, expected 'replica' (each replica divides by its "
            "own denominator) or 'global' (the denominator is summed over all replicas)"
        )
    return normalization


def share_a_denominator(normalization: str, reduction: Reduction) -> bool:
    """Whether this is a replica that must divide by the sum of all denominators.

    Outside a strategy, on a single replica, and in the cross-replica context, the batch isn't
    split. `SUM` and `NONE` have no denominator.
    """
    return (
        normalization == "global"
        and reduction not in (Reduction.SUM, Reduction.NONE)
        and tf.distribute.get_strategy().num_replicas_in_sync > 1
        and tf.distribute.in_cross_replica_context() is False
    )


def summed(value: tf.Tensor) -> tf.Tensor:
    """The sum of a tensor over all replicas. Its gradient is summed too."""
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, value)


def shared_weights(
    weights: tf.Tensor, losses_shape: tf.Tensor, reduction: Reduction
) -> tf.Tensor:
    """Weights for which the weighted sum of losses is this replica's share of the global loss."""
    denominator = weighting.denominator(weights, losses_shape, reduction)
    return tf.math.divide_no_nan(weights, summed(denominator))


def combined(share: tf.Tensor) -> tf.Tensor:
    """The global loss divided by the number of replicas, with the gradient of this share.

    Every replica returns the same value. Keras weights the replicas' losses by their batch sizes,
    so it reports the right loss even if these sizes differ.
    """
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    return tf.grad_pass_through(lambda share: summed(share) / replicas)(share)
