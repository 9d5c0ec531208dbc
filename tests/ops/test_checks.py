"""Shapes that are known only when a graph runs: the wrong ones fail, the right ones pass."""

from __future__ import annotations

from typing import Any

import modes
import numpy as np
import pytest
import tensorflow as tf

from keras_xent.ops import checks

BOTH_GRAPHS = pytest.mark.parametrize("mode", ["traced_unknown_shapes", "tf1_graph"])


def broadcastable(weights: tf.Tensor, losses: tf.Tensor) -> tf.Tensor:
    return checks.broadcastable(weights, tf.shape(losses), "The rule.")


def same_shape(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    return checks.of_shape(other, tf.shape(one), one.shape, "must have the same shape")


def both_positive(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    condition = (one > 0) & (other > 0)
    with tf.control_dependencies([checks.assert_true(condition, "not positive:", one, other)]):
        return tf.identity(one)


@BOTH_GRAPHS
def test_only_weights_that_fit_pass(mode: str) -> None:
    run = modes.once(mode, broadcastable)
    for weights, losses in [
        *[([3], [2]), ([2], [2, 3]), ([2, 1], [2]), ([1], []), ([2, 2], [2, 3])],
        ([1, 1, 1], [1, 1]),
    ]:
        with pytest.raises(tf.errors.InvalidArgumentError, match="cannot be broadcast") as error:
            pytest.fail(f"{weights}: {run(np.zeros(weights, 'f'), np.zeros(losses, 'f'))}")
        assert "The rule." in str(error.value)
    for weights, losses in [([], [2, 3]), ([], []), ([1, 3], [2, 3]), ([2], [2]), ([0], [0])]:
        found = run(np.zeros(weights, "f"), np.zeros(losses, "f"))
        assert list(found.shape) == weights


@BOTH_GRAPHS
def test_only_the_same_shape_passes(mode: str) -> None:
    run = modes.once(mode, same_shape)
    for one, other in [([3], [2]), ([2], [2, 2]), ([2, 1], [2]), ([1], []), ([2, 6], [3, 4])]:
        with pytest.raises(tf.errors.InvalidArgumentError, match="must have the same shape"):
            pytest.fail(f"{one}, {other}: {run(np.zeros(one, 'f'), np.zeros(other, 'f'))}")
    for shape in ([], [3], [2, 0], [2, 3, 4]):
        assert list(run(*[np.zeros(shape, "f")] * 2).shape) == shape


@BOTH_GRAPHS
def test_a_condition_that_does_not_hold_fails_and_shows_the_data(mode: str) -> None:
    run = modes.once(mode, both_positive)
    assert run(np.float32(2), np.float32(3)) == 2
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"not positive:.* \[?2\]?.*-3"):
        run(np.float32(2), np.float32(-3))


@pytest.mark.parametrize(
    ("scope", "host"),
    [
        (None, "/device:CPU:0"),
        ("/gpu:1", "/device:CPU:0"),
        ("/job:ps/task:2/gpu:0", "/job:ps/task:2/device:CPU:0"),
    ],
)
@pytest.mark.parametrize("colocated", [False, True])
def test_a_check_stands_on_the_cpu_of_its_machine(
    scope: str, host: str, colocated: bool
) -> None:
    with tf.Graph().as_default() as graph, tf.device(scope):
        one = tf.compat.v1.placeholder(tf.float32)
        other = tf.compat.v1.placeholder(tf.float32)
        condition = tf.constant(True)
        before = {op.name for op in graph.get_operations()}
        if colocated:
            with graph.colocate_with(one.op):
                checks.of_shape(other, tf.shape(one), one.shape, "text")
        else:
            checks.broadcastable(one, tf.shape(other), "The rule.")
            checks.assert_true(condition, "text")
        added = [op for op in graph.get_operations() if op.name not in before]
    # Only the tensors themselves are where they were.
    assert {op.device for op in added if op.type not in ("Shape", "Reshape")} == {host}


def assert_fails(run: Any, *shapes: Any) -> None:
    # ValueError while TensorFlow traces again, with the shapes that it knows then.
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        pytest.fail(f"{shapes}: {run(*[np.zeros(shape, 'f') for shape in shapes])}")


@pytest.mark.parametrize("mode", [*modes.IN_XLA, "traced_unknown_shapes", "tf1_graph"])
def test_labels_that_pass_only_in_the_logits_shape(mode: str) -> None:
    run = modes.once(mode, lambda x, y: checks.of_shape(y, tf.shape(x), x.shape))
    labels = np.arange(12, dtype="f").reshape(2, 6)
    np.testing.assert_array_equal(run(np.zeros([2, 6], "f"), labels), labels)
    for shape in [(6, 2), (12,), (2, 6, 1), (1, 6), ()]:
        assert_fails(run, (2, 6), shape)


@pytest.mark.parametrize("mode", [*modes.IN_XLA, "traced_unknown_shapes", "tf1_graph"])
def test_weights_pass_only_if_they_can_be_broadcast(mode: str) -> None:
    run = modes.once(mode, broadcastable)
    losses = np.zeros([2, 6], "f")
    for shape in [(2, 6), (1, 6), (2, 1), (1, 1), ()]:
        weights = np.arange(np.prod(shape), dtype="f").reshape(shape)
        np.testing.assert_array_equal(run(weights, losses), weights)
    for shape in [(6,), (2, 6, 1), (3, 6), (4, 2, 6), (0, 6)]:
        assert_fails(run, shape, (2, 6))
