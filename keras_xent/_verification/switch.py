"""Whether calls are verified."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import Iterator

_VARIABLE = "KERAS_XENT_VERIFY"
_VALUES = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("", "0", "false", "no", "off"), False),
}

# How many `verify()` are open. Of the process, not of a thread: a distribution strategy calls
# the loss in threads of its own.
_open = 0
_was_open = False
_lock = threading.Lock()


def wanted() -> bool:
    """Whether the user asks for verification now.

    Raises:
        ValueError: the environment variable KERAS_XENT_VERIFY has an unknown value.
    """
    return _open > 0 or _in_environment()


def asked() -> bool:
    """Whether the user has asked for verification at any time.

    Raises:
        ValueError: as above.
    """
    return _was_open or _in_environment()


def _in_environment() -> bool:
    value = os.environ.get(_VARIABLE, "")
    wanted = _VALUES.get(value.strip().lower())
    if wanted is None:
        raise ValueError(
            f"the environment variable {_VARIABLE} is {value!r}, expected 1, true, yes or on to "
            "verify, or 0, false, no, off or nothing not to"
        )
    return wanted


@contextlib.contextmanager
def verify() -> Iterator[None]:
    """Compares every call of `keras_xent.v1` with TensorFlow's own function, and its gradient.

    While it is open, each call of a function in `keras_xent.v1`, in any thread, also calls
    TensorFlow's function with the same arguments, and fails if the results differ. The
    environment variable `KERAS_XENT_VERIFY=1` (or `true`, `yes`, `on`) does the same for a whole
    process.

    When the process ends, it writes one line to standard error:

        keras_xent: 62 values and 62 gradients verified, 0 different

    If nothing was verified, the line is a warning. Every comparison counts, at every run of a
    `tf.function` or a session: the value of a call, and its gradient to each input that has one. A
    session that runs only the training op compares gradients and no values. Each process counts
    its own comparisons. A worker process that compared nothing writes no warning, and a process
    that `multiprocessing` forks writes no line.

    Examples:
        >>> import keras_xent
        >>> with keras_xent.testing.verify():
        ...     loss = keras_xent.v1.softmax_cross_entropy([[0.0, 1.0]], [[2.0, 1.0]])
        >>> print(f"{float(loss):.5f}")
        1.31326

    What is compared:

    * the value, its dtype and its shape;
    * every time a gradient is computed (by a tape, by `tf.gradients`, by an optimizer, in
      `tape.jacobian`, on the way to a second derivative): what `keras_xent` sends to logits,
      labels, losses and floating point weights, with what TensorFlow sends there for the same
      upstream gradient. If TensorFlow sends a gradient, keras_xent must send one too.

    How it fails:

    * eagerly, and while a graph is built, by a `keras_xent.testing.VerificationError`;
    * in a graph (`tf.function`, TF1 session) by `tf.errors.InvalidArgumentError` when it runs.
      The check is part of the loss. It runs whenever the loss is computed, also by its name, by
      its collection or by `get_total_loss()`.

    The errors show both numbers, the shapes and dtypes, and what to do. NaN equals NaN and
    infinity equals infinity. Verification doesn't change the names of results or the collections
    of a graph.

    For a graph, this is decided when it is built: a `tf.function` that was traced before stays
    unverified, and one that was traced inside stays verified. Turn verification off to build a
    graph that you save: it counts in Python, so another process can't run it.

    What it doesn't check:

    * code compiled by XLA (`jit_compile=True`), which drops assertions. If a
      function is known to be compiled when it is traced, it warns once. A function that was
      traced before compiled code calls it can't warn.
    * second derivatives (a tape around a tape, `tf.hessians`, a gradient penalty), and the
      tangents of `tf.autodiff.ForwardAccumulator`. Both are computed without verification.
      If a tape and an accumulator are nested, only the gradient of a value is compared.
    * a difference within rounding: about 2e-6 in float32 with few classes, 3e-5 with 50,000
      (as inexact as TensorFlow's own losses), 0.4 % in float16 and 3 % in bfloat16, relative to
      the sum of the terms' magnitudes. It misses a denominator that is wrong by one in 200,000
      in float32, and by one in 30 in bfloat16. Weighted float64 losses are compared as float32,
      because TensorFlow rounds them to float32.
    * integer losses of `compute_weighted_loss` that are off by 1, and complex losses.

    If keras_xent raises an error that TensorFlow doesn't (a `label_smoothing` above 1, labels of
    another shape), you see that error. If only TensorFlow raises an error, you see a
    `VerificationError`, because there is nothing to compare with.

    TensorFlow gets an `axis` below -1 as a positive axis, and a constant `label_smoothing` of a
    graph as a number. TensorFlow's nn function broadcasts labels to logits and then computes no
    gradient, so keras_xent's gradient is compared with TensorFlow's for broadcast inputs.

    Two documented differences fail here:

    * a class without label mass whose logit is -inf, or any infinite logit of a sigmoid:
      TensorFlow returns NaN, and keras_xent's native kernels return the finite value if there is
      one. The message counts such logits.
    * float16 labels that are smoothed over more than 65,504 classes. float16 can't represent
      that number, and TensorFlow doesn't smooth the labels.

    Raises:
        ValueError: in a verified call, if the environment variable has another value than those
            above and `0`, `false`, `no`, `off` or nothing.
    """
    global _open, _was_open
    with _lock:
        _open += 1
        _was_open = True
    try:
        yield
    finally:
        with _lock:
            _open -= 1
