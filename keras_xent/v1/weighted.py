"""TF1's weighting and reduction of losses."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_xent._autograph import do_not_convert
from keras_xent._functional import takes_keras_tensors
from keras_xent.ops import weighting
from keras_xent.ops.spec import real_dtype
from keras_xent.reduction import Reduction
from keras_xent.v1 import calls


@takes_keras_tensors
@do_not_convert
def compute_weighted_loss(
    losses: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = tf.compat.v1.GraphKeys.LOSSES,
    reduction: Reduction | str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> tf.Tensor:
    """Replaces `tf.compat.v1.losses.compute_weighted_loss`.

    The default reduction returns `sum(losses * weights) / count(weights != 0)`, or 0 if all weights
    are 0. Weights are broadcast to the losses before they are counted. For the other reductions,
    see `keras_xent.Reduction`.

    The result has gradients with respect to the losses and the weights.

    Args:
        losses: a tensor of any shape and numeric dtype.
        weights: a scalar, or a tensor of the losses' rank in which every dimension is 1 or equals
            the losses' corresponding dimension. Cast to float32.
        scope: the name scope of the ops.
        loss_collection: the graph collection to add the loss to, or None. Ignored in eager mode.
        reduction: a `keras_xent.Reduction`, or one of TF1's names.

    Returns:
        The loss in the losses' dtype: a scalar, or the weighted losses if `reduction` is `NONE`.

    Raises:
        TypeError: a tensor is ragged, sparse, or a `KerasTensor` of Keras 3.
        ValueError: the shapes don't match, an argument is None, or the reduction is unknown.
        tf.errors.InvalidArgumentError: shapes that are known only when the graph runs don't match.

    Examples:
        >>> import keras_xent
        >>> losses, weights = [1.0, 2.0, 3.0, 4.0], [1.0, 0.0, 1.0, 0.0]
        >>> float(keras_xent.v1.compute_weighted_loss(losses, weights))
        2.0

    Differences from TF1:

    * float64 losses are weighted and summed in float64. TF1 rounds them to float32 first.
    * In a graph, results of every dtype are named like TF1's float32 results. In TF1, other results
      have the name of a final cast op.
    """

    def compute(losses: tf.Tensor, weights: tf.Tensor, reduction: Reduction) -> tf.Tensor:
        real = real_dtype(losses.dtype)
        real_weights = tf.cast(tf.cast(weights, tf.float32), real)
        with tf.name_scope("weighting"):
            real_weights = weighting.checked_weights(real_weights, losses.shape, tf.shape(losses))
            loss = weighting.reduce_losses(tf.cast(losses, real), real_weights, reduction)
            return tf.cast(loss, losses.dtype)

    return calls.weighted(
        "compute_weighted_loss",
        compute,
        {"losses": losses, "weights": weights},
        scope=scope,
        default_scope="weighted_loss",
        loss_collection=loss_collection,
        reduction=reduction,
    )
