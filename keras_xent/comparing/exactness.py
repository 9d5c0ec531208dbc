"""How far right results may lie apart: a number of roundings, times how large the terms are.

Rounding is relative to the terms of a sum, not to the sum: labels, weights and upstream gradients
may be negative (policy gradients weigh by advantages), and then a small result is the difference
of large ones. Where the terms are known, `keras_xent.comparing.magnitudes` adds up how large they
are; where only results are, the largest of them stands for the terms.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Union

import tensorflow as tf

# The distance between 1 and the next number.
EPSILON = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}
DTYPES = tuple(EPSILON)


@dataclasses.dataclass(frozen=True)
class Roundings:
    """How many roundings may lie between two results.

    Args:
        narrow: in float16 and bfloat16, in which TensorFlow rounds every step.
        wide: in float32 and float64, in which sums are as inexact as they are long.
    """

    narrow: float
    wide: float

    def error(self, dtype: str, weighted: bool = False) -> float:
        """How far apart that is, relative to the terms.

        Args:
            dtype: the name of the results' dtype.
            weighted: whether losses are weighted: TensorFlow rounds float64 ones to float32.
        """
        if dtype == "float64" and weighted:
            dtype = "float32"
        return (self.narrow if dtype.endswith("16") else self.wide) * EPSILON[dtype]


# TensorFlow's results, where the magnitudes of all terms are known.
OF_TERMS = Roundings(narrow=4, wide=16)
# Two programs' results, where only the results themselves are known.
OF_RESULTS = Roundings(narrow=10, wide=84)
# A result of ours and one that TensorFlow computed in a wider dtype than a narrow one.
OF_OURS = Roundings(narrow=2, wide=84)


def epsilon(tensor: tf.Tensor, classes: Any, weighted: bool) -> Union[float, tf.Tensor]:
    """The error to allow TensorFlow, relative to the terms.

    float32 and float64: TensorFlow's error grows with the classes: measured in float32, its
    losses are off by 13 units in the last place with 32,000 classes and by 60 with 50,000,
    which 16 + sqrt(classes) bounds with room to spare. In 16 bits it rounds the labels that it
    smoothes, each loss and the result; and smoothed float16 labels may be as small as to have
    an absolute error. Weights and weighted losses it rounds to float32, float64 ones too.
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
    """An absolute error to allow: what is flushed to zero, or is rounded as a subnormal."""
    return 2.0**-23 if tensor.dtype == tf.float16 else 2.0**-120
