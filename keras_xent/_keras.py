"""The differences between Keras 3 and Keras 2 (TF up to 2.15, or TF_USE_LEGACY_KERAS=1)."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

import tensorflow as tf

# In tf_keras, the module that tf.keras refers to has no __version__.
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
    "metric_dtype",
    "probability_crossentropy",
    "register_serializable",
    "register_serializable_as",
]

_Loss = TypeVar("_Loss")


def register_serializable(loss: _Loss) -> _Loss:
    """Registers a class or function, so models saved with it load after `import keras_xent`."""
    return register_serializable_as("keras_xent")(loss)


def register_serializable_as(package: str) -> Callable[[_Loss], _Loss]:
    """Registers a class or function under this package name."""
    registered: Callable[[_Loss], _Loss] = tf.keras.utils.register_keras_serializable(package)
    return registered


def metric_dtype(dtype: Any) -> str:
    """The dtype in which a metric of that dtype computes."""
    dtype = getattr(dtype, "compute_dtype", dtype)
    return str(tf.keras.backend.floatx() if dtype is None else tf.as_dtype(dtype).name)


def autographed(call: Callable[..., Any]) -> Callable[..., Any]:
    """A loss's `call`, converted by AutoGraph if it is on, as in Keras's own losses.

    Our `call` doesn't need the conversion, but a subclass's may branch on tensors.
    """
    autograph = tf.__internal__.autograph
    converted: Callable[..., Any] = autograph.tf_convert(call, autograph.control_status_ctx())
    return converted


def is_placeholder(value: Any) -> bool:
    """Whether the value is a KerasTensor, a placeholder in a functional model."""
    if isinstance(value, tf.Tensor):
        return False
    # Compares names, because the class is public only in Keras 3.
    return any(cls.__name__ == "KerasTensor" for cls in type(value).__mro__)


def mask_of(tensor: Any) -> tf.Tensor | None:
    """The mask that Keras's layers attached to their output, or None."""
    return getattr(tensor, "_keras_mask", None)


def merge_masks(one: tf.Tensor | None, other: tf.Tensor | None) -> tf.Tensor | None:
    """A mask that keeps what both masks keep. If their ranks differ, the first dimensions match."""
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
    """The logits that Keras computes from probabilities for class ids."""
    epsilon = tf.keras.backend.epsilon()
    return tf.math.log(tf.clip_by_value(probabilities, epsilon, 1 - epsilon))
