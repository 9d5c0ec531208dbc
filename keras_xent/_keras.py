"""The Keras that `tf.keras` is: 3, or 2 (TF up to 2.15, or TF_USE_LEGACY_KERAS=1)."""

from __future__ import annotations

from typing import Any, Callable, Optional, TypeVar

import tensorflow as tf

# tf_keras's module has no version where TensorFlow looks for it.
IS_KERAS_3: bool = getattr(tf.keras, "__version__", "2.").startswith("3.")

if IS_KERAS_3:
    from keras_xent._keras3 import (
        KEEPS_WEIGHTS_LAST_DIM,
        LossBase,
        binary_probability_crossentropy,
        probability_crossentropy,
    )
else:
    from keras_xent._keras2 import (
        KEEPS_WEIGHTS_LAST_DIM,
        LossBase,
        binary_probability_crossentropy,
        probability_crossentropy,
    )

__all__ = [
    "IS_KERAS_3",
    "KEEPS_WEIGHTS_LAST_DIM",
    "LossBase",
    "autographed",
    "binary_probability_crossentropy",
    "clipped_log",
    "is_placeholder",
    "mask_of",
    "merge_masks",
    "probability_crossentropy",
    "register_serializable",
]

_Loss = TypeVar("_Loss")


def register_serializable(loss: _Loss) -> _Loss:
    """Makes saved models find the class or function, once `keras_xent` is imported."""
    registered: _Loss = tf.keras.utils.register_keras_serializable("keras_xent")(loss)
    return registered


def autographed(call: Callable[..., Any]) -> Callable[..., Any]:
    """A loss's `call` as Keras's own losses run it in a graph: converted by AutoGraph, if it is on.

    Ours needs no conversion, but a subclass's may branch on tensors.
    """
    autograph = tf.__internal__.autograph
    converted: Callable[..., Any] = autograph.tf_convert(call, autograph.control_status_ctx())
    return converted


def is_placeholder(value: Any) -> bool:
    """Whether it is a KerasTensor, which stands for a value in a functional model."""
    if isinstance(value, tf.Tensor):
        return False
    # By name, as the class is public in Keras 3 only.
    return any(cls.__name__ == "KerasTensor" for cls in type(value).__mro__)


def mask_of(tensor: Any) -> Optional[tf.Tensor]:
    """The mask that Keras's layers left on their output."""
    return getattr(tensor, "_keras_mask", None)


def merge_masks(one: Optional[tf.Tensor], other: Optional[tf.Tensor]) -> Optional[tf.Tensor]:
    """What both masks keep: the one with fewer dimensions has the first ones of the other."""
    if one is None or other is None:
        return other if one is None else one
    one, other = (tf.cast(mask, tf.bool) for mask in (one, other))
    ranks = one.shape.rank, other.shape.rank
    if None not in ranks:
        one, other = (
            tf.reshape(mask, tf.concat([tf.shape(mask), [1] * (max(ranks) - rank)], 0))
            if rank < max(ranks)
            else mask
            for mask, rank in zip((one, other), ranks)
        )
    return one & other


def clipped_log(probabilities: tf.Tensor) -> tf.Tensor:
    """The logits that Keras makes of probabilities beside class ids."""
    epsilon = tf.keras.backend.epsilon()
    return tf.math.log(tf.clip_by_value(probabilities, epsilon, 1 - epsilon))
