"""Names the results, and adds losses to the collections that TF1 code looks up in a graph."""

from __future__ import annotations

import contextlib
from typing import ContextManager

import tensorflow as tf

from keras_xent import _tensorflow
from keras_xent.reduction import V1_NAMES, Reduction

# The name of TF1's last op for a float32 loss, which TF1 code fetches.
_NAMES = {
    Reduction.NONE: "Mul",
    Reduction.SUM: "Sum",
    Reduction.SUM_OVER_BATCH_SIZE: "value",
    Reduction.MEAN: "value",
    Reduction.SUM_BY_NONZERO_WEIGHTS: "value",
}


def op_scope() -> ContextManager[str | None]:
    """A scope for all ops except the result, so no other op takes the result's name."""
    return contextlib.nullcontext() if tf.executing_eagerly() else tf.name_scope("xentropy")


def named(tensor: tf.Tensor, name: str) -> tf.Tensor:
    """The tensor, as the output of an op with that name in the current scope."""
    return tensor if tf.executing_eagerly() else tf.identity(tensor, name=name)


def collected(
    loss: tf.Tensor,
    reduction: Reduction,
    loss_collection: str | None,
    smoothed: bool,
) -> tf.Tensor:
    """The loss, named and added to its collection as in TF1.

    Args:
        loss: the result.
        reduction: its reduction, which TF1's optimizers read.
        loss_collection: the collection to add the loss to, or None.
        smoothed: whether labels were smoothed.
    """
    _tensorflow.set_last_loss_reduction(V1_NAMES[reduction])
    name = _NAMES[reduction]
    if reduction is Reduction.NONE and smoothed:
        name += "_1"  # TF1's smoothing adds an op named "mul", and names ignore case.
    loss = named(loss, name)
    if not tf.executing_eagerly():
        tf.compat.v1.losses.add_loss(loss, loss_collection)
    return loss
