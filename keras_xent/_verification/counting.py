"""Counts the comparisons in this process, and prints the counts when it ends.

Without these counts, you couldn't tell a verification that compared nothing from one that passed.
Values and gradients are counted separately, because a TF1 program that runs only its training op
computes no value.
"""

from __future__ import annotations

import atexit
import collections
import functools
import multiprocessing
import os
import sys
import threading

import numpy as np
import tensorflow as tf

from keras_xent import _tensorflow
from keras_xent._tensorflow import Mapped
from keras_xent._verification import switch

VALUES, GRADIENTS, DIFFERENT = "values", "gradients", "different"
_KIND = "_keras_xent_counted"

_lock = threading.Lock()
_counts: dict[str, int] = collections.Counter()
_forked = False


def add(kind: str, number: int = 1) -> None:
    """Adds to the count of compared VALUES, of compared GRADIENTS, or of DIFFERENT results."""
    with _lock:
        _counts[kind] += number


def in_graph(same: tf.Tensor, kind: str) -> tf.Tensor:
    """A tensor that counts a comparison each time a graph computes it.

    XLA can't call Python, and whether it compiles a function may not be known during tracing. Code
    that XLA compiles isn't counted. It isn't verified either, because XLA drops assertions.

    Args:
        same: whether the compared results are the same.
        kind: VALUES or GRADIENTS.
    """

    def counted() -> tf.Tensor:
        return tf.numpy_function(_RAN[kind], [same], tf.int32)

    with tf.device("/device:CPU:0"):
        index = tf.raw_ops.DeviceIndex(device_names=["CPU"])
        done = tf.switch_case(index, {0: counted}, default=lambda: tf.constant(0))
    _tensorflow.set_attribute(_conditional(done), _KIND, kind)
    return done


def _ran(kind: str, same: np.ndarray) -> np.int32:
    add(kind, same.size)
    add(DIFFERENT, int(np.count_nonzero(~same)))
    return np.int32(0)


_RAN = {kind: functools.partial(_ran, kind) for kind in (VALUES, GRADIENTS)}


def _conditional(done: tf.Tensor) -> tf.Operation:
    return done.op.inputs[0].op


def _is_count(node: tf.Operation) -> bool:
    return _tensorflow.attribute(node, _KIND) is not None


def _convert(node: tf.Operation, inputs: list[Mapped], length: tf.Tensor) -> list[Mapped]:
    """Counts all iterations of `tf.vectorized_map` together."""
    (same,) = [each for each in inputs if each.tensor.dtype == tf.bool]
    return [Mapped(in_graph(same.tensor, str(_tensorflow.attribute(node, _KIND))), False)]


for _type in ("Case", "StatelessCase"):
    _tensorflow.convert_for_vectorized_map(_type, _convert, only=_is_count)


def line() -> str | None:
    """The line to print at the end of the process, or None."""
    if any(_counts.values()):
        values, gradients = (_numbered(_counts[kind], kind) for kind in (VALUES, GRADIENTS))
        return f"keras_xent: {values} and {gradients} verified, {_counts[DIFFERENT]} different"
    try:
        asked = switch.asked()
    except ValueError as error:
        return f"keras_xent: {error}"
    # A worker process imports everything that the main process imports, even what it doesn't use.
    if not asked or _forked or multiprocessing.parent_process() is not None:
        return None
    return (
        "keras_xent: WARNING: verification was on, but nothing was verified. Either your program "
        "didn't call keras_xent.v1, or it called it only in graphs that were built before "
        "verification was on, that didn't run, or that XLA compiled"
    )


def _numbered(number: int, plural: str) -> str:
    return f"{number} {plural[:-1] if number == 1 else plural}"


def report() -> None:
    """Prints the line to standard error."""
    text = line()
    if text is not None:
        print(text, file=sys.stderr, flush=True)


def _begin_again() -> None:
    global _forked, _lock
    _forked, _lock = True, threading.Lock()
    _counts.clear()


atexit.register(report)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_again)
