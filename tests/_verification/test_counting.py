"""What is counted, and what is said of it."""

from __future__ import annotations

import collections
import functools
import multiprocessing
import os
from typing import Any, Callable

import modes
import pytest
import tensorflow as tf
from verified_calls import (
    FAILURES,
    LABELS,
    LOGITS,
    WEIGHTS,
    break_ours,
    loss,
    losses,
    twice_the_gradient,
    with_gradients,
)

from keras_xent._verification import counting, switch
from keras_xent.testing import verify

# Runs of the function that tf.vectorized_map maps, as it is: TensorFlow keeps what has an effect.
UNMAPPED = (0, 1)


def counted(run: Callable[[], Any]) -> tuple[int, ...]:
    """How many values and gradients `run` verifies, and how many differences it finds."""
    kinds = (counting.VALUES, counting.GRADIENTS, counting.DIFFERENT)
    before = [counting._counts[kind] for kind in kinds]
    with verify():
        run()
    return tuple(counting._counts[kind] - each for kind, each in zip(kinds, before))


def times(number: int, function: Callable[..., Any]) -> None:
    for _ in range(number):
        function(LOGITS, LABELS, WEIGHTS)


def test_every_comparison_counts() -> None:
    assert counted(lambda: times(2, loss)) == (2, 0, 0)
    # To logits and weights, which have one, and to labels, where none is compared with none.
    assert counted(lambda: times(2, with_gradients(loss))) == (2, 4, 0)
    # Every run, not every trace.
    traced = tf.function(with_gradients(loss), autograph=False)
    assert counted(lambda: times(3, traced)) == (3, 6, 0)


def test_a_session_counts_what_it_computes() -> None:
    with verify(), tf.Graph().as_default(), tf.compat.v1.Session() as session:
        arrays = (LOGITS, LABELS, WEIGHTS)
        inputs = [tf.compat.v1.placeholder(each.dtype, each.shape) for each in arrays]
        feed = dict(zip(inputs, arrays))
        value, to_logits, to_weights = with_gradients(loss)(*inputs)
        all_three = [value, to_logits, to_weights]
        assert counted(lambda: session.run(all_three, feed)) == (1, 2, 0)
        # Without the value.
        assert counted(lambda: session.run(to_logits, feed)) == (0, 1, 0)


def test_a_graph_that_does_not_run_counts_nothing() -> None:
    def untaken() -> None:
        @functools.partial(tf.function, autograph=False)
        def function(wanted: Any) -> Any:
            return tf.cond(wanted, lambda: loss(LOGITS, LABELS, WEIGHTS), lambda: 0.0)

        function.get_concrete_function(tf.TensorSpec([], tf.bool))
        function(tf.constant(False))

    assert counted(untaken) == (0, 0, 0)


def test_every_iteration_counts() -> None:
    @functools.partial(tf.function, autograph=False)
    def looped() -> Any:
        def step(i: Any, total: Any) -> Any:
            return i + 1, total + loss(LOGITS, LABELS, WEIGHTS)

        return tf.while_loop(lambda i, _: i < 3, step, (0, 0.0))

    def mapped() -> None:
        stacked = tf.stack([LOGITS] * 4)
        tf.vectorized_map(lambda logits: loss(logits, LABELS, WEIGHTS), stacked)

    assert counted(looped) == (3, 0, 0)
    assert counted(mapped) in [(4 + also, 0, 0) for also in UNMAPPED]


def test_a_jacobian_counts_each_of_its_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    def jacobian() -> None:
        logits = tf.constant(LOGITS)
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = losses(logits, LABELS, None)
        tape.jacobian(value, logits)

    assert counted(jacobian) in [(1, len(LOGITS) + also, 0) for also in UNMAPPED]
    break_ours(monkeypatch, twice_the_gradient)

    def fails() -> None:
        with pytest.raises(FAILURES, match="in its gradient with respect to"):
            jacobian()

    assert counted(fails)[2] >= 1


@pytest.mark.parametrize("mode", ["eager", "traced"])
@pytest.mark.parametrize("broken", ["value", "gradient"])
def test_what_differs_counts(mode: str, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    break_ours(monkeypatch, twice_the_gradient if broken == "gradient" else lambda each: 2 * each)
    function = with_gradients(loss) if broken == "gradient" else loss

    failure = f"v1.softmax_cross_entropy differs .* in its {broken}"

    def fails() -> None:
        with pytest.raises(FAILURES, match=failure):
            modes.MODES[mode](function, LOGITS, LABELS, WEIGHTS)

    values, _, different = counted(fails)
    assert values == 1
    # In a graph more than one gradient may be compared before the first one fails it.
    assert different == 1 or (broken == "gradient" and mode != "eager" and different > 1)


@pytest.mark.parametrize(
    ("counts", "asked", "expected"),
    [
        ({}, False, None),
        ({}, True, "keras_xent: WARNING: verification was on, but nothing was verified. "),
        ({"values": 1}, True, "keras_xent: 1 value and 0 gradients verified, 0 different"),
        (
            {"values": 62, "gradients": 1, "different": 3},
            True,
            "keras_xent: 62 values and 1 gradient verified, 3 different",
        ),
        ({"different": 1}, True, "keras_xent: 0 values and 0 gradients verified, 1 different"),
    ],
)
def test_the_line(
    counts: dict[str, int],
    asked: bool,
    expected: str | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("KERAS_XENT_VERIFY", raising=False)
    monkeypatch.setattr(switch, "_was_open", asked)
    monkeypatch.setattr(counting, "_counts", collections.Counter(counts))
    counting.report()
    captured = capsys.readouterr()
    assert captured.out == ""
    if expected is None:
        assert captured.err == ""
    else:
        assert captured.err.startswith(expected)
        assert captured.err.count("\n") == 1
    # A worker of multiprocessing imports what it may not need.
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: "the main process")
    assert (counting.line() is None) == (not counts)


def test_an_unknown_value_of_the_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switch, "_was_open", False)
    monkeypatch.setattr(counting, "_counts", collections.Counter())
    monkeypatch.setenv("KERAS_XENT_VERIFY", "maybe")
    assert (counting.line() or "").startswith("keras_xent: the environment variable KERAS_XENT_VE")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process_counts_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_counts", collections.Counter({"values": 5}))
    monkeypatch.setattr(switch, "_was_open", True)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, repr(counting.line()).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 1000) == b"None"
    os.close(reading)
    os.close(writing)
