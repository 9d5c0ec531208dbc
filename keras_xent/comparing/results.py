"""What a loss gives: its value and its gradients."""

from __future__ import annotations

from typing import Any, Callable, List, Optional, Sequence, Tuple

import numpy as np
import tensorflow as tf


def value_and_gradients(
    function: Callable[..., Any], inputs: Sequence[tf.Tensor]
) -> Tuple[tf.Tensor, List[Optional[tf.Tensor]]]:
    """What a function returns, and the gradient of its sum to each input; None where none is."""
    floating = [tensor for tensor in inputs if tensor.dtype.is_floating]
    with tf.GradientTape() as tape:
        tape.watch(floating)
        value = function(*inputs)
    if not value.dtype.is_floating:
        return value, [None] * len(inputs)
    # Of a lookup, some are slices.
    found = (
        None if gradient is None else tf.convert_to_tensor(gradient)
        for gradient in tape.gradient(value, floating)
    )
    return value, [next(found) if tensor.dtype.is_floating else None for tensor in inputs]


def as_tensor(array: Any, dtype: Any) -> tf.Tensor:
    """Floating arrays in the dtype, others as they are."""
    tensor = tf.constant(array)
    return tf.cast(tensor, dtype) if tensor.dtype.is_floating else tensor


def as_array(tensor: Any) -> np.ndarray:
    """The numbers of a tensor of any dtype, or of an array, as float64."""
    return np.asarray(tf.cast(tensor, tf.float64).numpy())
