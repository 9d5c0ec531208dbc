"""Registers loss ops with TensorFlow."""

from __future__ import annotations

from typing import TypeVar

from keras_xent.ops import evaluation, gradients, loss_op, registered_gradients, vectorized
from keras_xent.ops.loss_op import LossOp

_Op = TypeVar("_Op", bound=LossOp)


def registered(op: _Op) -> _Op:
    """Registers the op's gradients and its conversion for `tf.vectorized_map`. Returns the op."""
    loss_op.add(op)
    evaluation.register(op)
    gradients.register(op)
    registered_gradients.register(op)
    vectorized.register(op)
    return op
