"""Verification changes no derivative, of whatever order, and finds each wrong gradient.

Each program runs with TensorFlow's functions, with ours, and with ours verified. All return the
same numbers. Each program computes a first-order gradient on its way, so verification fails if
ours is broken.
"""

from __future__ import annotations

import functools
from typing import Any, Callable

import modes
import numpy as np
import pytest
import tensorflow as tf
import tf1
from derivative_programs import (
    BY_TAPES,
    GRAPH_PROGRAMS,
    INPUTS,
    PROGRAMS,
    first,
    functions,
)
from verified_calls import (
    FAILURES,
    LABELS,
    LOGITS,
    WEIGHTS,
    losses,
)

import keras_xent
from keras_xent import ops
from keras_xent._verification import counting
from keras_xent.testing import VerificationError, verify

NAME = "softmax_cross_entropy"


# What a program does with the tapes doesn't depend on the function. These programs use all that
# the other functions have: unreduced losses, and losses with a second derivative of their own.
OF_OTHER_FUNCTIONS = {
    "softmax_cross_entropy_with_logits_v2": [
        "persistent_tapes",
        "gathered",
        "jacobian",
        "hessian",
        "function_in_a_tape",
        "function_in_a_tangent",
    ],
    "compute_weighted_loss": [
        "gradient_penalty",
        "third_order",
        "tangent_in_a_tape",
        "tangents_of_weights",
        "one_input_at_a_time",
        "recomputed",
    ],
}
# Programs with so many graphs that the function with the smallest ones is enough.
LARGE = ("jacobian", "function_in_a_tape", "function_in_a_tangent")
EAGER = [("eager", program, NAME) for program in PROGRAMS if program not in LARGE]
for _name, _programs in OF_OTHER_FUNCTIONS.items():
    EAGER += [("eager", program, _name) for program in _programs]
# The others reach nothing in graphs that these don't reach.
TRACED = [
    ("traced", program, NAME)
    for program in (
        "persistent_tapes",
        "tangent_in_a_tape",
        "tape_in_a_tangent",
        "recomputed",
        "around",
        "stopped",
        "looped",
    )
]
TRACED_WITHOUT_VERIFICATION = [
    ("traced", program, NAME)
    for program in ("third_order", "tangent_in_a_tangent", "function_in_a_tape", "hessian")
]
TF1_GRAPHS = [
    ("tf1_graph", "graph_gradients_twice", "compute_weighted_loss"),
    ("tf1_graph", "graph_hessians", NAME),
]


def run(mode: str, program: str, function: str, of: tf1.Functions) -> Any:
    loss = functions(of)[function]
    if program in GRAPH_PROGRAMS:
        return in_session(lambda *inputs: GRAPH_PROGRAMS[program](loss, *inputs))
    return modes.MODES[mode](lambda *inputs: PROGRAMS[program](loss, *inputs), *INPUTS)


def in_session(function: Callable[..., Any]) -> Any:
    """What it returns in a graph that knows all shapes, which makes it a third smaller.

    Verified with unknown shapes: test_verification.py. So differentiated twice: v1/test_modes.py.
    """
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        inputs = [tf.compat.v1.placeholder(each.dtype, each.shape) for each in INPUTS]
        return session.run(function(*inputs), dict(zip(inputs, INPUTS)))


@functools.lru_cache(maxsize=None)
def ours(mode: str, program: str, function: str) -> list[np.ndarray]:
    return [np.asarray(each) for each in run(mode, program, function, tf1.OURS)]


# Programs -> those that return the same, but don't trace the loss or its tangents.
FASTER = {
    "function_in_a_tape": "tape_over_tape",
    "function_in_a_tangent": "tape_in_a_tangent",
    "tangent_in_a_tangent": "gradients_along_both",
}


@functools.lru_cache(maxsize=None)
def theirs(program: str, function: str) -> list[np.ndarray]:
    if program in FASTER:
        return theirs(FASTER[program], function)
    if program in BY_TAPES:
        loss = functions(tf1.THEIRS)[function]
        found = modes.eager(functools.partial(BY_TAPES[program], loss), *INPUTS)
    else:
        mode = "tf1_graph" if program in GRAPH_PROGRAMS else "eager"
        found = run(mode, program, function, tf1.THEIRS)
    return [np.asarray(each) for each in found]


@pytest.mark.parametrize(
    ("mode", "program", "function"),
    [
        *EAGER,
        *TRACED,
        *TRACED_WITHOUT_VERIFICATION,
        *TF1_GRAPHS,
    ],
)
def test_numbers_are_tensorflows(mode: str, program: str, function: str) -> None:
    tf1.assert_same(ours(mode, program, function), theirs(program, function), scale=20)


@pytest.mark.parametrize(("mode", "program", "function"), [*EAGER, *TRACED, *TF1_GRAPHS])
def test_verification_changes_no_number(mode: str, program: str, function: str) -> None:
    expected = ours(mode, program, function)
    before = counting._counts[counting.GRADIENTS]
    with verify():
        found = run(mode, program, function, tf1.OURS)
    assert counting._counts[counting.GRADIENTS] > before
    assert len(found) == len(expected)
    # Except for the order in which gradients that arrive at an input are added up.
    for one, other in zip(found, expected):
        one = np.asarray(one)
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6 * np.abs(other).max())


@pytest.fixture
def wrong_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    right = ops.softmax_cross_entropy

    @tf.custom_gradient
    def a_little_more_gradient(tensor: Any) -> Any:
        return tf.identity(tensor), lambda gradient: 1.001 * gradient

    def broken(*args: Any, **keywords: Any) -> Any:
        return a_little_more_gradient(right(*args, **keywords))

    monkeypatch.setattr(ops, "softmax_cross_entropy", broken)


# In a graph: test_verification_graphs.py. The jacobian: test_counting.py.
@pytest.mark.parametrize("program", [each for each in PROGRAMS if each not in LARGE])
@pytest.mark.usefixtures("wrong_gradient")
def test_a_wrong_gradient_fails(program: str) -> None:
    with verify(), pytest.raises(FAILURES, match="in its gradient with respect to"):
        run("eager", program, NAME, tf1.OURS)


@pytest.mark.usefixtures("wrong_gradient")
def test_a_wrong_gradient_fails_outside_of_the_function_that_has_the_loss() -> None:
    function = tf.function(functions(tf1.OURS)[NAME], autograph=False)
    with verify(), pytest.raises(FAILURES, match="in its gradient with respect to"):
        modes.eager(functools.partial(first, function), *INPUTS)


PENALTY = ("eager", "gradient_penalty", NAME)


def test_the_environment_variable_changes_no_number_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = ours(*PENALTY)
    monkeypatch.setenv("KERAS_XENT_VERIFY", "1")
    tf1.assert_same(run(*PENALTY, tf1.OURS), expected)


@pytest.mark.usefixtures("wrong_gradient")
def test_the_environment_variable_finds_a_wrong_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_XENT_VERIFY", "1")
    with pytest.raises(VerificationError, match="in its gradient with respect to"):
        run(*PENALTY, tf1.OURS)


def test_loops_in_tf1s_control_flow() -> None:
    # Those of TensorFlow 2 are in "looped".
    tf.compat.v1.disable_control_flow_v2()
    try:
        with verify():
            found = run("tf1_graph", "graph_loop", NAME, tf1.OURS)
    finally:
        tf.compat.v1.enable_control_flow_v2()
    tf1.assert_same(found, theirs("graph_loop", NAME), scale=20)


def test_a_gradient_in_a_vectorized_map() -> None:
    # It needs the portable backend, verified or not.
    keras_xent.set_backend("portable")

    rows = tuple(tf.constant(each) for each in INPUTS)

    def gradient(row: Any, of: tf1.Functions) -> Any:
        return first(functions(of)["softmax_cross_entropy"], *(each[None] for each in row))

    with verify():
        found = tf.vectorized_map(lambda row: gradient(row, tf1.OURS), rows)
    expected = tf.stack([gradient(row, tf1.THEIRS) for row in zip(*rows)])
    tf1.assert_same([found], [expected])


def test_a_persistent_tape_may_ask_twice() -> None:
    logits = tf.constant(LOGITS)
    with verify(), tf.GradientTape(persistent=True) as tape:
        tape.watch(logits)
        value = losses(logits, LABELS, None)
    first = tape.gradient(value, logits)
    second = tape.gradient(value, logits, output_gradients=tf.constant(WEIGHTS))
    tf1.assert_same([second], [first * WEIGHTS[:, None]])
