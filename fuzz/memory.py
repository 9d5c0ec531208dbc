"""The memory that calls of ops take: what TensorFlow's own ops would take, and no more.

TensorFlow never frees the rendezvous of an eager call that fails, and keeps the error's message. It
also loses a few bytes for each kernel that eager execution makes. For comparison, another process
makes as many errors and kernels with TensorFlow's own ops.
"""

from __future__ import annotations

import collections
import ctypes
import gc
import json
import re
import subprocess
import sys
from typing import Callable, Dict, Hashable

import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context

from keras_xent.ops import library

# The allocated memory may grow by this fraction, without what TensorFlow loses.
_GROWTH = 0.02
# Python adds them to the message.
_AROUND = re.compile(r"^\{\{function_node [^}]*\}\} | \[Op:.*$", re.DOTALL)

# How many errors had a message of a length.
Lengths = Dict[int, int]


class FoundError(AssertionError):
    """An op did something that it must not do."""


def message_length(error: Exception) -> int:
    """The length of what TensorFlow keeps of an error's message."""
    return len(_AROUND.sub("", str(error)))


class Memory:
    """The memory of a process that calls ops.

    Args:
        progress: gets the result.
    """

    def __init__(self, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self._errors: list[Lengths] = [collections.Counter(), collections.Counter()]
        self._kernels = 0
        # Those since the last measurement, which removes them from TensorFlow's cache.
        self._cached: set[Hashable] = set()
        self._at_start = self._now = 0

    def add_kernel(self, kernel: Hashable) -> None:
        """A kernel was called, which TensorFlow may have kept from an earlier call."""
        self._cached.add(kernel)

    def add_error(self, length: int) -> None:
        """A kernel raised an error with a message of some length."""
        self._errors[bool(self._at_start)][length] += 1

    def measure(self) -> int:
        """The bytes that are allocated now."""
        self._now = used_bytes()
        self._kernels += len(self._cached)
        self._cached.clear()
        return self._now

    def start(self) -> None:
        """Begin to compare with the last measurement, unless it has begun before."""
        if not self._at_start:
            self._at_start = self._now
            self._kernels = 0

    def check(self) -> None:
        """Checks that memory has only grown by what TensorFlow's own ops lose.

        Raises:
            FoundError: it has grown by more.
        """
        grown = self._now - self._at_start
        lost = lost_by_tensorflow(self._errors[0], self._errors[1], self._kernels)
        growth = (grown - lost) / self._at_start
        self._progress(
            f"After {self._at_start / 2**20:.1f} MiB, the memory has grown by "
            f"{grown / 2**20:.2f} MiB. With {sum(self._errors[1].values())} errors and "
            f"{self._kernels} kernels, TensorFlow's own ops lose {lost / 2**20:.2f} MiB. Without "
            f"these, it has grown by {growth:.2%}."
        )
        if growth > _GROWTH:
            raise FoundError(f"memory has grown by {growth:.2%}")


def lost_by_tensorflow(before: Lengths, errors: Lengths, kernels: int) -> int:
    """The bytes that TensorFlow's own ops lose in a new process.

    Args:
        before: errors whose loss doesn't count. They fill the table of the rendezvous.
        errors: the other errors.
        kernels: the number of kernels.
    """
    told = json.dumps([list(before.items()), list(errors.items()), kernels])
    process = subprocess.run(
        [sys.executable, "-m", "fuzz.memory"],
        input=told,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return int(process.stdout)


def _lose() -> None:
    """Makes the errors and kernels that standard input asks for, and prints the lost bytes."""
    before, errors, kernels = json.load(sys.stdin)
    _fail(before)
    start = used_bytes()
    _fail(errors)
    one = tf.constant(1.0)
    for number in range(kernels):
        tf.raw_ops.LeakyRelu(features=one, alpha=number / kernels)
    print(used_bytes() - start)


def _fail(lengths: list[list[int]]) -> None:
    """Raises errors with messages of the given lengths."""
    nan = tf.constant(np.nan)
    around = _caught(nan, "")
    for length, count in lengths:
        message = "-" * max(length - around, 0)
        for _ in range(count):
            _caught(nan, message)


def _caught(nan: tf.Tensor, message: str) -> int:
    """The length of an error's message."""
    try:
        tf.raw_ops.CheckNumerics(tensor=nan, message=message)
    except tf.errors.InvalidArgumentError as error:
        return message_length(error)
    raise AssertionError("CheckNumerics found no NaN")


class _Allocator(ctypes.Structure):
    """What `mallinfo2` returns, which glibc 2.33 and later have."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in [
            *["arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks"],
            *["fordblks", "keepcost"],
        ]
    ]


def used_bytes() -> int:
    """The bytes that are allocated, except for those that TensorFlow and the library reuse.

    Unlike the process's pages, they don't depend on the gaps between them.
    """
    gc.collect()
    # The library keeps the memory of a large gradient until 16 others have not used it.
    ops, logits = library.load().ops, tf.zeros([512, 512])
    for _ in range(20):
        ops.keras_xent_softmax_cross_entropy_with_backprop(
            logits, logits, 1.0, 0.0, axis=-1, reduction="sum"
        )
    # TensorFlow keeps a kernel for each op, type and attribute that it has seen.
    context.context().clear_kernel_cache()
    mallinfo = ctypes.CDLL(None).mallinfo2
    mallinfo.restype = _Allocator
    allocator = mallinfo()
    return allocator.uordblks + allocator.hblkhd


if __name__ == "__main__":
    _lose()
