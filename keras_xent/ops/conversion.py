"""Converts arguments to tensors and numbers. The errors contain the argument's name."""

from __future__ import annotations

import numbers
from typing import Any, Callable

import numpy as np
import tensorflow as tf

_DENSE = {tf.SparseTensor: "tf.sparse.to_dense", tf.RaggedTensor: "its to_tensor() method"}


def to_tensor(value: Any, name: str, dtype_hint: Any = None) -> tf.Tensor:
    """A dense tensor of numbers.

    Args:
        value: a tensor, a variable, an array, a number, or nested lists of numbers.
        name: the argument's name, for errors and for the graph.
        dtype_hint: the dtype to convert Python's numbers to, if they fit.

    Raises:
        TypeError: the value is sparse or ragged, or contains text.
        ValueError: TensorFlow can't convert it.
    """
    if isinstance(value, tf.Tensor):
        tensor = value
    else:
        tensor = named(
            name, value, lambda: tf.convert_to_tensor(value, dtype_hint=dtype_hint, name=name)
        )
    if tensor.dtype == tf.string:
        raise TypeError(f"{name} must contain numbers, not text")
    return tensor


def named(name: str, value: Any, convert: Callable[[], tf.Tensor]) -> tf.Tensor:
    """The result of `convert`. The argument's name is added to its errors.

    Raises:
        TypeError: the value is sparse or ragged, or `convert` raises a TypeError.
        ValueError: `convert` raises a ValueError.
    """
    for kind, way in _DENSE.items():
        if isinstance(value, kind):
            raise TypeError(f"{name} is a {kind.__name__}, expected a dense tensor: use {way}")
    try:
        return convert()
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"{name} is {_shortened(value)}, expected a tensor or a value that can be converted to "
            f"one. TensorFlow's error: {error}"
        ) from error


def to_float(value: Any, name: str) -> float:
    """A number as a Python float.

    Args:
        value: a Python or NumPy number, or a scalar array or tensor.
        name: the argument's name.

    Raises:
        TypeError: it isn't a number, or its value is known only when a graph runs.
    """
    number = value
    if tf.is_tensor(number) or isinstance(number, tf.Variable):
        number = tf.get_static_value(tf.convert_to_tensor(number))
        if number is None:
            raise TypeError(
                f"{name} is {value!r}, expected a Python number: its value must be known when the "
                "graph is built"
            )
    if isinstance(number, np.ndarray) and number.ndim == 0:
        number = number[()]
    if not _is_number(number):
        raise TypeError(f"{name} is {value!r} of type {type(value).__name__}, expected a number")
    return float(number)


def _is_number(value: Any) -> bool:
    if isinstance(value, np.generic):  # bfloat16 isn't a numbers.Real
        dtype = tf.as_dtype(value.dtype)
        return bool(dtype.is_floating or dtype.is_integer)
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def to_bool(value: Any, name: str) -> bool:
    """A Python or NumPy boolean as a Python bool.

    Raises:
        TypeError: it isn't a boolean.
    """
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(
            f"{name} is {value!r} of type {type(value).__name__}, expected True or False"
        )
    return bool(value)


def _shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
