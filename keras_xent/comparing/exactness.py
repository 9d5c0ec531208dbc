"""How much correct results can differ: a number of roundings, times the magnitude of the terms.

Rounding errors are relative to the terms of a sum, not to the sum. Labels, weights and upstream
gradients can be negative (policy gradients use advantages as weights). Then a small result can be
the difference of large terms. If the terms are known, `keras_xent.comparing.magnitudes` adds up
their magnitudes. If only the results are known, the largest result is used instead.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import tensorflow as tf

# The distance between 1 and the next number.
EPSILON = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}
DTYPES = tuple(EPSILON)


@dataclasses.dataclass(frozen=True)
class Roundings:
    """The number of roundings by which two results can differ.

    Args:
        narrow: the number in float16 and bfloat16, where TensorFlow rounds every step.
        wide: the number in float32 and float64, where the error grows with the length of a sum.
    """

    narrow: float
    wide: float

    def error(self, dtype: str, weighted: bool = False) -> float:
        """The error, relative to the terms.

        Args:
            dtype: the name of the results' dtype.
            weighted: whether losses are weighted. TensorFlow rounds weighted float64 losses to
                float32.
        """
        if dtype == "float64" and weighted:
            dtype = "float32"
        return (self.narrow if dtype.endswith("16") else self.wide) * EPSILON[dtype]


# For our result and TensorFlow's, if the magnitudes of all terms are known.
OF_TERMS = Roundings(narrow=4, wide=16)
# For the results of two programs, if only the results are known.
OF_RESULTS = Roundings(narrow=10, wide=84)
# For our result and one that TensorFlow computed in a wider dtype.
OF_OURS = Roundings(narrow=2, wide=84)


def epsilon(tensor: tf.Tensor, classes: Any, weighted: bool) -> float | tf.Tensor:
    """The error to allow for TensorFlow's result, relative to the terms.

    In float32 and float64, TensorFlow's error grows with the number of classes. We measured that
    its float32 losses are off by 13 units in the last place with 32,000 classes, and by 60 with
    50,000. 16 + sqrt(classes) is well above both. In 16-bit dtypes, TensorFlow rounds smoothed
    labels, each loss and the result, and small smoothed float16 labels have an absolute error.
    TensorFlow rounds weights and weighted losses to float32, even if they are float64.
    """
    if not tensor.dtype.is_floating:
        return 32 * EPSILON["float32"]
    name = tensor.dtype.name
    classes = tf.cast(classes, tf.float64)
    if name == "float16":
        return OF_TERMS.error(name) + classes * 2.0**-25
    if name == "bfloat16":
        return tf.constant(OF_TERMS.error(name), tf.float64)
    unit = EPSILON["float32" if weighted else name]
    return OF_TERMS.error(name, weighted) + unit * tf.sqrt(classes)


def tiny(tensor: tf.Tensor) -> float:
    """The absolute error to allow, because tiny numbers become subnormal or are flushed to zero."""
    return 2.0**-23 if tensor.dtype == tf.float16 else 2.0**-120
