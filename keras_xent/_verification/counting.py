"""How many calls have been compared in this process, and what it says of them at its end.

A verification that never reached a call would otherwise look like one that passed.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import sys
import threading
from typing import List, Optional

import numpy as np
import tensorflow as tf

from keras_xent import _tensorflow
from keras_xent._tensorflow import Mapped
from keras_xent._verification import switch

_CALLS = "_keras_xent_verified_calls"

_lock = threading.Lock()
_verified = 0
_different = 0
_forked = False


def add(verified: int, different: int) -> None:
    """Counts calls whose values were compared, and differences in values and gradients."""
    global _verified, _different
    with _lock:
        _verified += verified
        _different += different


def in_graph(same: tf.Tensor, calls: int) -> tf.Tensor:
    """A tensor for others to depend on: whenever a graph computes it, calls are counted.

    XLA can't call Python. A function that it compiles, perhaps only after it was traced, leaves
    the counting out: it compares nothing either, as it drops assertions.

    Args:
        same: whether two values are the same, or two gradients.
        calls: how many calls this is: 1, or 0 for a gradient.
    """

    def counted() -> tf.Tensor:
        return tf.numpy_function(_ran, [same, calls], tf.int32)

    with tf.device("/device:CPU:0"):
        index = tf.raw_ops.DeviceIndex(device_names=["CPU"])
        done = tf.switch_case(index, {0: counted}, default=lambda: tf.constant(0))
    _tensorflow.set_attribute(_conditional(done), _CALLS, str(calls))
    return done


def _ran(same: np.ndarray, calls: np.ndarray) -> np.int32:
    add(int(calls) * same.size, int(np.count_nonzero(~same)))
    return np.int32(0)


def _conditional(done: tf.Tensor) -> tf.Operation:
    return done.op.inputs[0].op


def _is_count(node: tf.Operation) -> bool:
    return _tensorflow.attribute(node, _CALLS) is not None


def _convert(node: tf.Operation, inputs: List[Mapped], length: tf.Tensor) -> List[Mapped]:
    """Counts all iterations of `tf.vectorized_map` at once."""
    (same,) = [each for each in inputs if each.tensor.dtype == tf.bool]
    return [Mapped(in_graph(same.tensor, int(_tensorflow.attribute(node, _CALLS) or 0)), False)]


for _type in ("Case", "StatelessCase"):
    _tensorflow.convert_for_vectorized_map(_type, _convert, only=_is_count)


def line() -> Optional[str]:
    """What there is to say at the end of the process, or None."""
    if _verified or _different:
        calls = "1 call" if _verified == 1 else f"{_verified} calls"
        return f"keras_xent: {calls} verified, {_different} different"
    try:
        asked = switch.asked()
    except ValueError as error:
        return f"keras_xent: {error}"
    # A worker imports what the main process imports, whether it needs it or not.
    if not asked or _forked or multiprocessing.parent_process() is not None:
        return None
    return (
        "keras_xent: WARNING: 0 calls verified, although verification was on: no function of "
        "keras_xent.v1 was called, or only in graphs that were built before, that did not run or "
        "that XLA compiled"
    )


def report() -> None:
    """Writes the line to standard error."""
    text = line()
    if text is not None:
        print(text, file=sys.stderr, flush=True)


def _begin_again() -> None:
    global _verified, _different, _forked, _lock
    _verified, _different, _forked, _lock = 0, 0, True, threading.Lock()


atexit.register(report)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_again)
