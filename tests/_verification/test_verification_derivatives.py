"""Whatever is differentiated, and how often: verification neither changes it nor cries wolf.

Each program is run with TensorFlow's functions, with ours, and with ours verified: the
numbers are TensorFlow's, and verification changes none of them. Each computes a first-order
gradient on its way, and where ours is broken, verification says so.
"""

from __future__ import annotations

from typing import Any

import modes
import numpy as np
import pytest
import tensorflow as tf
import tf1
from derivative_programs import (
    FUNCTIONS,
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
    loss,
    losses,
)

import keras_xent
from keras_xent import ops
from keras_xent.testing import VerificationError, verify

# Eagerly every function; one in each other mode, where the programs take a second to build.
RUNS = [
    *(
        ("eager", program, function)
        for program in PROGRAMS
        for function in (FUNCTIONS[:1] if program.startswith("function") else FUNCTIONS)
    ),
    *(("traced", program, "softmax_cross_entropy") for program in PROGRAMS),
    *(("tf1_graph", program, "softmax_cross_entropy") for program in GRAPH_PROGRAMS),
    ("tf1_graph", "graph_gradients_twice", "compute_weighted_loss"),
]


def run(mode: str, program: str, function: str, of: tf1.Functions) -> Any:
    loss = functions(of)[function]
    body = {**PROGRAMS, **GRAPH_PROGRAMS}[program]
    return modes.MODES[mode](lambda *inputs: body(loss, *inputs), *INPUTS)


@pytest.mark.parametrize(("mode", "program", "function"), RUNS)
def test_numbers_are_tensorflows_and_verification_changes_none(
    mode: str, program: str, function: str
) -> None:
    expected = run(mode, program, function, tf1.OURS)
    tf1.assert_same(expected, run(mode, program, function, tf1.THEIRS), scale=20)
    with verify():
        found = run(mode, program, function, tf1.OURS)
    # But for the order in which what arrives at an input is added up.
    for one, other in zip(found, expected):
        one, other = np.asarray(one), np.asarray(other)
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6 * np.abs(other).max())
    assert len(found) == len(expected)


@pytest.fixture
def wrong_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    right = ops.softmax_cross_entropy

    @tf.custom_gradient
    def a_little_more_gradient(tensor: Any) -> Any:
        return tf.identity(tensor), lambda gradient: 1.001 * gradient

    def broken(*args: Any, **keywords: Any) -> Any:
        return a_little_more_gradient(right(*args, **keywords))

    monkeypatch.setattr(ops, "softmax_cross_entropy", broken)


@pytest.mark.parametrize(
    ("mode", "program"),
    [
        *(("eager", program) for program in PROGRAMS),
        *(("tf1_graph", program) for program in GRAPH_PROGRAMS),
    ],
)
@pytest.mark.usefixtures("wrong_gradient")
def test_a_wrong_gradient_fails(mode: str, program: str) -> None:
    with verify(), pytest.raises(FAILURES, match="in its gradient with respect to"):
        run(mode, program, "softmax_cross_entropy", tf1.OURS)


PENALTY = ("eager", "gradient_penalty", "softmax_cross_entropy")


def test_the_environment_variable_changes_no_number_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = run(*PENALTY, tf1.OURS)
    monkeypatch.setenv("KERAS_XENT_VERIFY", "1")
    tf1.assert_same(run(*PENALTY, tf1.OURS), expected)


@pytest.mark.usefixtures("wrong_gradient")
def test_the_environment_variable_finds_a_wrong_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_XENT_VERIFY", "1")
    with pytest.raises(VerificationError, match="in its gradient with respect to"):
        run(*PENALTY, tf1.OURS)


def test_tf1s_control_flow_too() -> None:
    tf.compat.v1.disable_control_flow_v2()
    try:
        for program in ("graph_loop", "graph_gradients_twice"):
            test_numbers_are_tensorflows_and_verification_changes_none(
                "tf1_graph", program, "softmax_cross_entropy"
            )
    finally:
        tf.compat.v1.enable_control_flow_v2()


def test_a_gradient_in_a_vectorized_map() -> None:
    # Which needs the portable backend, verified or not.
    keras_xent.set_backend("portable")

    def rows(of: tf1.Functions) -> Any:
        def one(row: Any) -> Any:
            return first(functions(of)["softmax_cross_entropy"], *(each[None] for each in row))

        return [tf.vectorized_map(one, tuple(tf.constant(each) for each in INPUTS))]

    with verify():
        tf1.assert_same(rows(tf1.OURS), rows(tf1.THEIRS))


@pytest.mark.parametrize("mode", ["eager", "traced"])
def test_second_derivatives_stay(mode: str) -> None:
    def second(logits: Any) -> Any:
        with tf.GradientTape() as outer:
            outer.watch(logits)
            first = tf1.by_tape(lambda logits: loss(logits, LABELS, WEIGHTS), logits)[1]
            total = tf.reduce_sum(first * first)
        return [outer.gradient(total, logits)]

    expected = modes.MODES[mode](second, LOGITS)
    with verify():
        tf1.assert_same(modes.MODES[mode](second, LOGITS), expected)


@pytest.mark.parametrize("mode", ["eager", "traced"])
def test_tangents_stay(mode: str) -> None:
    def tangent(logits: Any) -> Any:
        with tf.autodiff.ForwardAccumulator(logits, tf.ones_like(logits) * LABELS) as forward:
            value = loss(logits, LABELS, WEIGHTS)
        return [forward.jvp(value)]

    expected = modes.MODES[mode](tangent, LOGITS)
    with verify():
        tf1.assert_same(modes.MODES[mode](tangent, LOGITS), expected)


def test_a_persistent_tape_may_ask_twice() -> None:
    logits = tf.constant(LOGITS)
    with verify(), tf.GradientTape(persistent=True) as tape:
        tape.watch(logits)
        value = losses(logits, LABELS, None)
    first = tape.gradient(value, logits)
    second = tape.gradient(value, logits, output_gradients=tf.constant(WEIGHTS))
    tf1.assert_same([second], [first * WEIGHTS[:, None]])
