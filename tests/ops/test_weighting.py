"""Weighting and reduction: TF1's compute_weighted_loss, its rules and its gradients."""

from __future__ import annotations

import functools
from typing import Any, List, Optional

import modes
import numpy as np
import pytest
import tensorflow as tf

from keras_xent import Reduction, v1
from keras_xent.ops import (
    sigmoid_cross_entropy,
    softmax_cross_entropy,
    sparse_softmax_cross_entropy,
    weighting,
)
from keras_xent.reduction import V1_NAMES

Shape = Optional[List[Optional[int]]]


def oracle(losses: tf.Tensor, weights: tf.Tensor, reduction: Reduction) -> tf.Tensor:
    return tf.compat.v1.losses.compute_weighted_loss(
        losses, weights, loss_collection=None, reduction=V1_NAMES[reduction]
    )


WEIGHTS = {
    "scalar": np.float32(0.4),
    "zero": np.float32(0.0),
    "full": np.array([[1.0, 0.0, 2.5], [-0.5, 0.0, 3.0]], np.float32),
    "all zero": np.zeros([2, 3], np.float32),
    "a row": np.array([[0.0, 1.0, 2.0]], np.float32),
    "a column": np.array([[0.0], [1.5]], np.float32),
    "one": np.array([[2.0]], np.float32),
    "sum zero": np.array([[1.0, -1.0, 0.0]], np.float32),
}
LOSSES = np.array([[0.5, 1.0, 2.0], [4.0, 0.25, 3.0]], np.float32)

every_reduction = pytest.mark.parametrize("reduction", list(Reduction))
every_weight = pytest.mark.parametrize("weights", list(WEIGHTS.values()), ids=list(WEIGHTS))


@every_reduction
@every_weight
def test_the_value_is_tf1s(weights: np.ndarray, reduction: Reduction) -> None:
    losses, weights = tf.constant(LOSSES), tf.constant(weights)
    found = weighting.reduce_losses(losses, weights, reduction)
    np.testing.assert_allclose(found, oracle(losses, weights, reduction), rtol=1e-6)
    with_gradient = weighting.reduce_losses_with_gradient(losses, weights, reduction)
    one = tf.ones([])
    to_losses = weighting.losses_gradient(one, weights, tf.shape(losses), reduction)
    np.testing.assert_array_equal(with_gradient[0], found)
    np.testing.assert_array_equal(with_gradient[1], to_losses)


@every_reduction
@pytest.mark.parametrize("mode", ["eager", "traced_unknown_shapes"])
def test_the_gradients_are_tf1s(reduction: Reduction, mode: str) -> None:
    def ours(losses: tf.Tensor, weights: tf.Tensor) -> list[tf.Tensor]:
        grad = tf.constant(0.75)
        if reduction is Reduction.NONE:
            grad = 0.75 * losses
        to_losses = weighting.losses_gradient(grad, weights, tf.shape(losses), reduction)
        return [
            tf.broadcast_to(to_losses, tf.shape(losses)),
            weighting.weights_gradient(grad, losses, weights, reduction),
        ]

    run = modes.once(mode, ours)
    for name, weights in WEIGHTS.items():
        losses, w = tf.constant(LOSSES), tf.constant(weights)
        with tf.GradientTape() as tape:
            tape.watch([losses, w])
            value = oracle(losses, w, reduction)
        upstream = 0.75 * losses if reduction is Reduction.NONE else tf.constant(0.75)
        expected = tape.gradient(value, [losses, w], upstream)
        for found, wanted in zip(run(LOSSES, weights), expected):
            assert found.shape == wanted.shape, name
            np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6, err_msg=name)


def test_a_division_by_zero_gives_zero_and_a_nan_weight_nan() -> None:
    losses = tf.constant([1.0, 2.0])
    for reduction in Reduction:
        if reduction is Reduction.NONE:
            continue
        zero = weighting.reduce_losses(losses, tf.zeros([2]), reduction)
        assert float(zero) == 0.0
        nan = weighting.reduce_losses(losses, tf.constant([np.nan, 1.0]), reduction)
        assert np.isnan(nan)


@pytest.mark.parametrize("mode", ["eager", "traced", "traced_unknown_shapes", "compiled"])
def test_no_losses_give_zero_whatever_a_weight_for_them_is(mode: str) -> None:
    losses = np.zeros([0], np.float32)
    weights = [np.float32(1), np.float32(np.inf), np.float32(np.nan), losses]

    def values(reduce: Any, losses: tf.Tensor, *weights: tf.Tensor) -> list[tf.Tensor]:
        return [reduce(losses, each, reduction) for each in weights for reduction in Reduction]

    found = modes.MODES[mode](functools.partial(values, weighting.reduce_losses), losses, *weights)
    for value, wanted in zip(found, values(oracle, losses, *weights)):
        np.testing.assert_array_equal(value, wanted)


@pytest.mark.parametrize("reduction", [Reduction.MEAN, Reduction.SUM_BY_NONZERO_WEIGHTS])
@pytest.mark.parametrize("known", [[64, 3], None])
def test_weights_are_summed_as_if_they_were_broadcast(reduction: Reduction, known: Shape) -> None:
    @tf.function(
        input_signature=[tf.TensorSpec(known), tf.TensorSpec(known and [])], autograph=False
    )
    def value(losses: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return weighting.reduce_losses(losses, weights, reduction)

    losses = np.random.default_rng(0).random((64, 3), dtype=np.float32)
    found = value(losses, np.float32(0.3))
    np.testing.assert_allclose(found, oracle(losses, np.float32(0.3), reduction), rtol=1e-6)
    operations = value.get_concrete_function().graph.get_operations()
    assert "BroadcastTo" not in {operation.type for operation in operations}


def test_losses_gradient_is_a_scalar_where_all_losses_have_the_same() -> None:
    shape = tf.constant([2, 3])
    found = weighting.losses_gradient(
        tf.constant(3.0), tf.constant(2.0), shape, Reduction.SUM_OVER_BATCH_SIZE
    )
    assert found.shape == []
    assert float(found) == 1.0


@pytest.mark.parametrize(
    ("each", "weights"),
    [
        ((2, 3), ()),
        ((2, 3), (1, 1)),
        ((2, 3), (2, 1)),
        ((2, 3), (1, 3)),
        ((2, 3), (2, 3)),
        ((), ()),
        ((0, 3), (1, 3)),
    ],
)
def test_sum_like_sums_over_what_was_broadcast(
    each: tuple[int, ...], weights: tuple[int, ...]
) -> None:
    values = np.arange(np.prod(each), dtype=np.float32).reshape(each) + 1
    axes = tuple(i for i in range(len(each)) if not weights or weights[i] != each[i])
    expected = values.sum(axes, keepdims=True).reshape(weights)
    found = weighting.sum_like(tf.constant(values), tf.zeros(weights))
    assert found.shape == weights
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("weights", "losses", "sure"),
    [
        ([], [2, 3], True),
        ([], None, True),
        ([2, 3], [2, 3], True),
        ([1, 3], [2, 3], True),
        ([1, 1], [None, None], True),
        ([0], [0], True),
        ([None], [2], False),
        ([2], [None], False),
        ([None], [None], False),
        (None, [2], False),
        ([2], None, False),
        (None, None, False),
    ],
)
def test_check_weights_says_whether_it_is_sure(weights: Shape, losses: Shape, sure: bool) -> None:
    found = weighting.check_weights(tf.TensorShape(weights), tf.TensorShape(losses))
    assert found is sure


WRONG = [
    ([2], [2, 2]),
    ([2, 1], [2]),
    ([3], [2]),
    ([2, 2], [2, 3]),
    ([3, 2], [1, 2]),
    ([1], []),
    ([0], [2]),
    ([1, 2, 3], [2, 3]),
    ([1, 2], [2, 3]),
]


@pytest.mark.parametrize(("weights", "losses"), [*WRONG, ([None], [2, 3]), ([2, None], [3, None])])
def test_check_weights_refuses_what_tf1_refuses(weights: Shape, losses: Shape) -> None:
    with pytest.raises(ValueError, match="weights cannot be broadcast to the losses") as error:
        weighting.check_weights(tf.TensorShape(weights), tf.TensorShape(losses))
    assert str(tf.TensorShape(weights)) in str(error.value)
    assert str(tf.TensorShape(losses)) in str(error.value)
    assert "Pass a scalar" in str(error.value)


def test_checked_weights_are_the_same_tensor_where_shapes_are_known() -> None:
    weights = tf.ones([2])
    shape = tf.TensorShape([2])
    assert weighting.checked_weights(weights, shape, tf.constant([2])) is weights


@pytest.mark.parametrize("known", [None, [None]])
def test_checked_weights_carry_the_assertion_where_not(known: Shape) -> None:
    @tf.function(input_signature=[tf.TensorSpec(known), tf.TensorSpec(None)], autograph=False)
    def checked(weights: tf.Tensor, losses: tf.Tensor) -> Any:
        return weighting.checked_weights(weights, losses.shape, tf.shape(losses))

    np.testing.assert_array_equal(checked(tf.ones([3]), tf.ones([3])), [1.0, 1.0, 1.0])
    with pytest.raises(tf.errors.InvalidArgumentError, match="cannot be broadcast"):
        checked(tf.ones([3]), tf.ones([3, 3]))


def test_a_denominator_of_weights_whose_shape_only_the_graph_knows() -> None:
    @tf.function(input_signature=[tf.TensorSpec([None, 1])], autograph=False)
    def found(weights: tf.Tensor) -> tf.Tensor:
        reduction = Reduction.SUM_BY_NONZERO_WEIGHTS
        return weighting.denominator(weights, tf.constant([3, 4]), reduction)

    assert float(found(tf.constant([[2.0], [0.0], [1.0]]))) == 8
    assert float(found(tf.constant([[2.0]]))) == 12


LOGITS = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
ONE_HOT = np.eye(5, dtype=np.float32)[[3, 0, 1, 4]]
EVERY_LOSS = {
    "softmax": lambda x, w: softmax_cross_entropy(x, ONE_HOT, w),
    "sparse softmax": lambda x, w: sparse_softmax_cross_entropy(x, [3, 0, 1, 4], w),
    "sigmoid": lambda x, w: sigmoid_cross_entropy(x, ONE_HOT, w),
    "compute_weighted_loss": lambda x, w: v1.compute_weighted_loss(x, w),
}


@pytest.mark.parametrize(
    ("name", "of_gradient", "traced_for_xla"),
    [
        ("softmax", False, True),
        ("softmax", True, False),
        ("sparse softmax", True, True),
        ("sigmoid", True, True),
        ("compute_weighted_loss", False, False),
        ("compute_weighted_loss", True, True),
    ],
)
def test_xla_repeats_no_weights_whose_wrong_shape_a_trace_did_not_know(
    name: str, of_gradient: bool, traced_for_xla: bool
) -> None:
    """XLA compiles no assertions."""
    loss = EVERY_LOSS[name]

    def run(logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        if not of_gradient:
            return loss(logits, weights)
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss(logits, weights)
        return tape.gradient(value, logits)

    signature = [tf.TensorSpec(None)] * 2
    traced = tf.function(
        run, input_signature=signature, jit_compile=traced_for_xla or None, autograph=False
    )
    traced.get_concrete_function()
    compiled = tf.function(lambda *inputs: traced(*inputs), jit_compile=True, autograph=False)
    by_element = name in ("sigmoid", "compute_weighted_loss")
    right, wrong = np.float32([0.5, 2, 0, 1]), np.float32([0.5, 2, 0, 1, 3])
    if by_element:
        right = right[:, None]
    expected = run(tf.constant(LOGITS), tf.constant(right))
    np.testing.assert_allclose(compiled(LOGITS, right), expected, rtol=1e-5, atol=1e-6)
    for weights in (wrong, wrong[:2]) if by_element else (wrong[:2], right[None]):
        # ValueError while TensorFlow traces again, with the shapes that it knows then.
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
            compiled(LOGITS, weights)
