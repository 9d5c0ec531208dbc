"""The value and the gradients of a loss."""

from __future__ import annotations

from typing import Any, Callable, Sequence

import numpy as np
import tensorflow as tf


def value_and_gradients(
    function: Callable[..., Any], inputs: Sequence[tf.Tensor]
) -> tuple[tf.Tensor, list[tf.Tensor | None]]:
    """The value of a function, and the gradients of its sum with respect to each input, or None."""
    floating = [tensor for tensor in inputs if tensor.dtype.is_floating]
    with tf.GradientTape() as tape:
        tape.watch(floating)
        value = function(*inputs)
    if not value.dtype.is_floating:
        return value, [None] * len(inputs)
    # The gradient of a lookup is tf.IndexedSlices.
    found = (
        None if gradient is None else tf.convert_to_tensor(gradient)
        for gradient in tape.gradient(value, floating)
    )
    return value, [next(found) if tensor.dtype.is_floating else None for tensor in inputs]


def as_tensor(array: Any, dtype: Any) -> tf.Tensor:
    """The array as a tensor. Floating point numbers are cast to the dtype."""
    tensor = tf.constant(array)
    return tf.cast(tensor, dtype) if tensor.dtype.is_floating else tensor


def as_array(tensor: Any) -> np.ndarray:
    """The numbers of a tensor or an array of any dtype, as float64."""
    return np.asarray(tf.cast(tensor, tf.float64).numpy())
