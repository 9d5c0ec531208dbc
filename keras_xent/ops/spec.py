"""The arguments of a loss op that are not tensors."""

from __future__ import annotations

import json
from typing import NamedTuple, Optional

import tensorflow as tf

from keras_xent.reduction import Reduction


class Spec(NamedTuple):
    """What to compute.

    Attributes:
        axis: the class axis, or None where each element of the logits is an example.
        label_smoothing: how much of the label mass is spread.
        reduction: what becomes of the losses.
        ignore_class: the id of the examples that don't count, or None. Their weights are 0 already,
            as reductions count them.
    """

    axis: Optional[int]
    label_smoothing: float
    reduction: Reduction
    ignore_class: Optional[int] = None

    @property
    def class_axis(self) -> int:
        """The axis, where there are classes."""
        assert self.axis is not None
        return self.axis

    def unreduced(self) -> Spec:
        """The same without a reduction."""
        return self._replace(reduction=Reduction.NONE)

    def to_json(self) -> str:
        """The same as text, for a node of a graph."""
        return json.dumps(self._asdict())

    @classmethod
    def from_json(cls, text: str) -> Spec:
        """What `to_json` wrote."""
        fields = json.loads(text)
        return cls(**{**fields, "reduction": Reduction(fields["reduction"])})


def real_dtype(dtype: tf.DType) -> tf.DType:
    """The dtype of weights and of arithmetic beside logits of a dtype."""
    return tf.float64 if dtype == tf.float64 else tf.float32


def keeps_backprop(dtype: tf.DType) -> bool:
    """Whether a forward pass may compute the gradient, in the logits' dtype, for later.

    float16 can't hold a gradient before the loss scale has reached it: with 1/N folded in, it
    would underflow.
    """
    return dtype != tf.float16


def static_losses_shape(logits_shape: tf.TensorShape, axis: Optional[int]) -> tf.TensorShape:
    """What is known of the losses' shape: the logits' without the class axis."""
    if axis is None:
        return logits_shape
    if logits_shape.rank is None:
        return tf.TensorShape(None)
    dims = logits_shape.as_list()
    del dims[axis]
    return tf.TensorShape(dims)


def losses_shape(logits: tf.Tensor, axis: Optional[int]) -> tf.Tensor:
    """The losses' shape, as an int32 tensor."""
    static = static_losses_shape(logits.shape, axis)
    if static.is_fully_defined():
        return tf.constant(static.as_list(), tf.int32)
    shape = tf.shape(logits)
    if axis is None:
        return shape
    class_axis = axis if axis >= 0 else tf.size(shape) + axis
    return tf.concat([shape[:class_axis], shape[class_axis + 1 :]], 0)
