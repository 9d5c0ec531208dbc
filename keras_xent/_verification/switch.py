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

    While it is open, each call of a function of `keras_xent.v1`, in any thread, also calls
    TensorFlow's function with the same arguments, and fails where the two differ. The
    environment variable `KERAS_XENT_VERIFY=1` (or `true`, `yes`, `on`) does the same for a whole
    process.

    When the process ends, it writes one line to standard error:

        keras_xent: 62 values and 62 gradients verified, 0 different

    If nothing was verified, the line is a warning. Each comparison counts, with every run of a
    `tf.function` or a session, not with every trace: the value of a call, and its gradient to each
    input that has one. A session that runs the training op alone computes and compares gradients,
    and no value. Each process counts its own. A worker process that compared nothing writes no
    warning, and one that `multiprocessing` forks writes no line at all.

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
      upstream gradient. Where TensorFlow sends one, keras_xent has to.

    How it fails:

    * eagerly, and while a graph is built, by a `keras_xent.testing.VerificationError`;
    * in a graph (`tf.function`, TF1 session) by `tf.errors.InvalidArgumentError` when it runs.
      The check is part of the loss: whoever computes the loss, also by its name, its
      collection or `get_total_loss()`, runs it.

    Both tell both numbers, the shapes and dtypes, and what to do. NaN equals NaN and
    infinity equals infinity. The names of results and the collections of a graph stay as
    they are without verification.

    In a graph it is decided when the graph is built: a `tf.function` that was traced before
    stays unverified, one that was traced inside stays verified. Build a graph that you save
    without verification: another process can't run a verified one, which counts in Python.

    What it does not see:

    * code compiled by XLA (`jit_compile=True`), which drops assertions. A function that is
      known to be compiled while it is traced warns, once; one that is traced before it is
      called by compiled code can't.
    * second derivatives (a tape around a tape, `tf.hessians`, a gradient penalty), and the
      tangents of `tf.autodiff.ForwardAccumulator`. Both are computed as without verification.
      Where a tape and an accumulator are nested, the gradient of a value is compared, what is
      made of it or of its tangent is not.
    * a difference within rounding: about 2e-6 in float32 with few classes (3e-5 with
      50,000, where TensorFlow's own losses are that inexact), 0.4 % in float16, 3 % in
      bfloat16, of the sum of the terms' magnitudes. So a denominator that is wrong by one
      in 200,000 stays unseen in float32, and by one in 30 in bfloat16. Float64 losses
      that are weighted are compared as float32, as TensorFlow rounds them.
    * integer losses of `compute_weighted_loss` that are off by 1, and complex ones.

    Calls that only one of the two refuses: what keras_xent refuses (a `label_smoothing`
    above 1, labels of another shape) raises its own error; what TensorFlow alone refuses
    raises a `VerificationError`, as there is nothing to compare with. An `axis` below -1 is
    counted from the front for TensorFlow, and a constant `label_smoothing` of a graph
    becomes a number. TensorFlow's nn function broadcasts labels to logits and then computes
    no gradient: keras_xent's is compared with that of labels and logits which are broadcast
    before. Two more differences are documented, and fail here:

    * a class without label mass whose logit is -inf (of a sigmoid, any infinite logit):
      TensorFlow gives NaN, keras_xent's native kernels the finite value where there is one.
      The message counts such logits.
    * float16 labels that are smoothed over more than 65,504 classes, a number that float16
      does not have: TensorFlow does not smooth them.

    Raises:
        ValueError: (the calls in it) the environment variable's value is neither one of those
            above nor `0`, `false`, `no`, `off` or nothing.
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
