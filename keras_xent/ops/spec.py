"""The arguments of a loss op that aren't tensors."""

from __future__ import annotations

import json
from typing import NamedTuple

import tensorflow as tf

from keras_xent.reduction import Reduction


class Spec(NamedTuple):
    """The arguments that aren't tensors.

    Attributes:
        axis: the class axis, or None if each element of the logits is an example.
        label_smoothing: the label smoothing, in [0, 1].
        reduction: how the losses are reduced.
        ignore_class: the id of the examples to ignore, or None. Their weights are already 0, so
            reductions don't count them.
    """

    axis: int | None
    label_smoothing: float
    reduction: Reduction
    ignore_class: int | None = None

    @property
    def class_axis(self) -> int:
        """The class axis of a loss that has one."""
        assert self.axis is not None
        return self.axis

    def unreduced(self) -> Spec:
        """The same spec without a reduction."""
        return self._replace(reduction=Reduction.NONE)

    def to_json(self) -> str:
        """The spec as text, to store in a node of a graph."""
        return json.dumps(self._asdict())

    @classmethod
    def from_json(cls, text: str) -> Spec:
        """The spec from the text that `to_json` returned."""
        fields = json.loads(text)
        return cls(**{**fields, "reduction": Reduction(fields["reduction"])})


def real_dtype(dtype: tf.DType) -> tf.DType:
    """The dtype of the weights and the arithmetic for logits of a dtype."""
    return tf.float64 if dtype == tf.float64 else tf.float32


def keeps_backprop(dtype: tf.DType) -> bool:
    """Whether a forward pass can compute the gradient in the logits' dtype and keep it.

    It can't in float16, because a gradient that includes 1/N would underflow before the loss scale
    is applied.
    """
    return dtype != tf.float16


def static_losses_shape(logits_shape: tf.TensorShape, axis: int | None) -> tf.TensorShape:
    """The static shape of the losses: the logits' shape without the class axis."""
    if axis is None:
        return logits_shape
    if logits_shape.rank is None:
        return tf.TensorShape(None)
    dims = logits_shape.as_list()
    del dims[axis]
    return tf.TensorShape(dims)


def losses_shape(logits: tf.Tensor, axis: int | None) -> tf.Tensor:
    """The losses' shape, as an int32 tensor."""
    static = static_losses_shape(logits.shape, axis)
    if static.is_fully_defined():
        return tf.constant(static.as_list(), tf.int32)
    shape = tf.shape(logits)
    if axis is None:
        return shape
    if axis == -1:
        return shape[:-1]
    return tf.concat([shape[:axis], shape[axis + 1 :]], 0)
