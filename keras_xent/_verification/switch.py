"""Turns the verification of calls on and off."""

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

# The number of open `verify()` contexts in the process. It isn't local to a thread, because a
# distribution strategy calls the loss in other threads.
_open = 0
_was_open = False
_lock = threading.Lock()


def wanted() -> bool:
    """Whether verification is on now.

    Raises:
        ValueError: the environment variable KERAS_XENT_VERIFY has an unknown value.
    """
    return _open > 0 or _in_environment()


def asked() -> bool:
    """Whether verification has been on at any time.

    Raises:
        ValueError: the environment variable KERAS_XENT_VERIFY has an unknown value.
    """
    return _was_open or _in_environment()


def _in_environment() -> bool:
    value = os.environ.get(_VARIABLE, "")
    wanted = _VALUES.get(value.strip().lower())
    if wanted is None:
        raise ValueError(
            f"the environment variable {_VARIABLE} is {value!r}, expected 1, true, yes or on to "
            "turn verification on, or 0, false, no, off or an empty value to turn verification off"
        )
    return wanted


@contextlib.contextmanager
def verify() -> Iterator[None]:
    """Compares the values and gradients of all `keras_xent.v1` calls with TensorFlow's own.

    Inside this context, each call to a `keras_xent.v1` function, in any thread, also calls
    TensorFlow's function with the same arguments, and raises an error if the results differ. The
    environment variable `KERAS_XENT_VERIFY=1` (or `true`, `yes`, `on`) does the same for a whole
    process.

    When the process ends, it prints one line to standard error:

        keras_xent: 62 values and 62 gradients verified, 0 different

    The line counts each comparison: one for a call's value, and one for each gradient that is
    computed. Calls in a graph are counted each time it runs, not when it is built. A session that
    runs only the training op computes and compares gradients, but no values. If nothing was
    verified, the line is a warning. Each process counts separately. A worker process that compared
    nothing prints no warning, and a process forked by `multiprocessing` prints no line.

    Raises:
        VerificationError: in eager mode, a value, dtype, shape or gradient differs. While a graph
            is built, a dtype differs or a gradient is missing. It is also raised if only
            TensorFlow's function raises an error. NaN equals NaN, and infinity equals infinity. The
            message shows both results, the shapes and dtypes, and what to do.
        tf.errors.InvalidArgumentError: a value or shape differs while a graph runs (a `tf.function`
            or a TF1 session). The check is part of the loss, so it also runs if code gets the loss
            by name, from a collection, or from `get_total_loss()`.
        ValueError: the environment variable has an unknown value. The calls raise this error. To
            turn verification off, use `0`, `false`, `no`, `off` or an empty value.

    Examples:
        >>> import keras_xent
        >>> with keras_xent.testing.verify():
        ...     loss = keras_xent.v1.softmax_cross_entropy([[0.0, 1.0]], [[2.0, 1.0]])
        >>> print(f"{float(loss):.5f}")
        1.31326

    It compares:

    * the value, its dtype and its shape;
    * every computed gradient with respect to logits, labels, losses and floating point weights, for
      the same upstream gradient. This includes gradients that a tape, `tf.gradients`, an optimizer
      or `tape.jacobian` computes, and the first derivatives from which second derivatives are
      computed. If TensorFlow returns a gradient, keras_xent must return one too.

    In graphs, verification must be on when the graph is built. A `tf.function` that was traced
    before this context stays unverified, and one that was traced inside it stays verified.
    Verification doesn't change the names of results or the collections of a graph. If you save a
    graph, build it with verification off: another process can't run a verified graph, because it
    calls Python code to count.

    It doesn't detect:

    * differences in code that XLA compiles (`jit_compile=True`), because XLA drops assertions. If
      it is known during tracing that XLA will compile the code, verification shows one warning.
    * differences in second derivatives (a tape around a tape, `tf.hessians`, a gradient penalty)
      and in the tangents of `tf.autodiff.ForwardAccumulator`. Both are computed as usual. If a tape
      and an accumulator are nested, only the gradient of the value is compared.
    * differences within rounding error. Relative to the sum of the terms' magnitudes, this is about
      2e-6 in float32 with few classes (3e-5 with 50,000, because TensorFlow's own losses have this
      error), 0.4% in float16 and 3% in bfloat16. For example, if the denominator should be 500,000
      in float32, or 30 in bfloat16, a denominator that is off by one isn't detected. Weighted
      float64 losses are compared as float32, because TensorFlow rounds them.
    * integer losses of `compute_weighted_loss` that are off by 1, and differences in complex
      losses.

    If keras_xent doesn't accept a call (a `label_smoothing` above 1, labels of another shape), it
    raises its own error. If only TensorFlow doesn't accept a call, there is nothing to compare
    with, and the call raises a `VerificationError`. Verification converts some arguments for
    TensorFlow: an `axis` below -1 to a non-negative one, and a constant tensor passed as
    `label_smoothing` to a number. It also broadcasts labels and logits of different shapes, because
    TensorFlow's nn function computes no gradient if it broadcasts them itself.

    Two documented differences raise an error here:

    * a class whose label is 0 and whose logit is -inf (for the sigmoid, any infinite logit).
      TensorFlow returns NaN. keras_xent's native kernels return the finite value if there is one.
      The message shows the number of such logits.
    * smoothed float16 labels with more than 65,519 classes, a number that overflows in float16.
      TensorFlow divides by infinity, and adds 0 instead of s / C.
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
