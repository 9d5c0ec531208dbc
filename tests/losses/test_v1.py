"""SUM_BY_NONZERO_WEIGHTS, and every other reduction, against TF1's own function."""

from __future__ import annotations

from typing import Any, Callable, Tuple

import hypothesis
import hypothesis.strategies as st
import modes
import numpy as np
import pytest
import tensorflow as tf

from keras_xent import CategoricalCrossentropy, Reduction
from keras_xent.reduction import V1_NAMES

v1 = tf.compat.v1.losses

RNG = np.random.default_rng(0)
LABELS = np.eye(7, dtype=np.float32)[RNG.integers(0, 7, 12)]
LOGITS = RNG.normal(size=(12, 7)).astype(np.float32) * 3
# A third is zero, and one is negative: it counts as non-zero.
WEIGHTS = np.where(np.arange(12) % 3 == 0, 0, RNG.uniform(0.2, 2, 12)).astype(np.float32)
WEIGHTS[4] = -0.5

# To logits and weights: TF1's function stops the one to labels, Keras's loss does not.
Gradients = Tuple[tf.Tensor, tf.Tensor, tf.Tensor]


def with_gradients(loss: Callable[..., tf.Tensor]) -> Callable[..., Gradients]:
    """Computes the loss and its gradients with respect to logits and weights."""

    def run(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> Gradients:
        with tf.GradientTape() as tape:
            tape.watch([logits, weights])
            value = loss(labels, logits, weights)
        return (value, *tape.gradient(value, [logits, weights]))

    return run


def of_v1(label_smoothing: float = 0.0, reduction: Any = "weighted_sum_by_nonzero_weights") -> Any:
    return lambda labels, logits, weights: v1.softmax_cross_entropy(
        labels, logits, weights, label_smoothing, reduction=reduction
    )


def ours(**arguments: Any) -> CategoricalCrossentropy:
    arguments = {"reduction": "sum_by_nonzero_weights", **arguments}
    return CategoricalCrossentropy(from_logits=True, **arguments)


def check(value: Any, expected: Any, case: str = "") -> None:
    for one, other in zip(value, expected):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6, err_msg=case)


# tests/ops has every backend in every mode.
@pytest.mark.parametrize("mode", ["eager", "traced_unknown_shapes"])
def test_value_and_gradients(mode: str) -> None:
    inputs = LABELS, LOGITS, WEIGHTS

    def run(*tensors: tf.Tensor) -> list[Gradients]:
        calls = [with_gradients(ours(label_smoothing=smoothing)) for smoothing in (0.0, 0.2)]
        return [call(*tensors) for call in calls]

    for smoothing, found in zip((0.0, 0.2), modes.MODES[mode](run, *inputs)):
        check(found, modes.eager(with_gradients(of_v1(smoothing)), *inputs))


def test_value_and_gradients_in_a_tf1_graph() -> None:
    def run(loss: Any) -> Callable[..., Any]:
        def value_and_gradients(labels: Any, logits: Any, weights: Any) -> Any:
            logits.set_shape([None, 7])
            weights.set_shape([None])
            value = loss(labels, logits, weights)
            return [value, *tf.gradients(value, [logits, weights])]

        return value_and_gradients

    expected = modes.eager(with_gradients(of_v1()), LABELS, LOGITS, WEIGHTS)
    check(modes.tf1_graph(run(ours()), LABELS, LOGITS, WEIGHTS), expected)


@pytest.mark.parametrize("weights_shape", [(), (4, 1), (1, 3), (4, 3)])
def test_every_reduction_of_sequences(weights_shape: Any) -> None:
    rng = np.random.default_rng(1)
    labels = np.eye(5, dtype=np.float32)[rng.integers(0, 5, (4, 3))]
    logits = rng.normal(size=(4, 3, 5)).astype(np.float32)
    weights = rng.uniform(0.5, 2, weights_shape).astype(np.float32)
    if weights.size > 1:
        weights.flat[1] = 0

    inputs = labels, logits, weights
    for reduction in Reduction:
        run = with_gradients(ours(label_smoothing=0.1, reduction=reduction))
        expected = modes.eager(with_gradients(of_v1(0.1, V1_NAMES[reduction])), *inputs)
        check(modes.eager(run, *inputs), expected, reduction)
        # tests/v1/test_modes.py has every reduction in a graph.
        if weights_shape == (4, 1) and reduction is Reduction.SUM_BY_NONZERO_WEIGHTS:
            check(modes.traced(run, *inputs), expected, reduction)


@hypothesis.given(
    seed=st.integers(0, 2**16),
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    classes=st.integers(2, 9),
    smoothing=st.floats(0, 1),
    zeros=st.floats(0, 1),
)
@hypothesis.settings(max_examples=40)
def test_any_shape_and_any_share_of_zero_weights(
    seed: int, shape: Any, classes: int, smoothing: float, zeros: float
) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.dirichlet(np.ones(classes), shape).astype(np.float32)
    logits = rng.normal(size=(*shape, classes)).astype(np.float32) * 2
    weights = np.where(rng.uniform(size=shape) < zeros, 0, rng.uniform(0, 2, shape))
    inputs = labels, logits, weights.astype(np.float32)
    expected = modes.eager(with_gradients(of_v1(smoothing)), *inputs)
    check(modes.eager(with_gradients(ours(label_smoothing=smoothing)), *inputs), expected)


@pytest.mark.parametrize("weights", [0.0, [0.0] * 12])
def test_all_weights_zero_give_zero(weights: Any) -> None:
    arguments = LABELS, LOGITS, np.float32(weights)
    value, to_logits, to_weights = modes.eager(with_gradients(ours()), *arguments)
    assert float(value) == 0
    assert not np.any(to_logits)
    check([value, to_logits, to_weights], modes.eager(with_gradients(of_v1()), *arguments))


def test_no_weights_are_weights_of_one() -> None:
    expected = v1.softmax_cross_entropy(LABELS, LOGITS)
    assert float(ours()(LABELS, LOGITS)) == pytest.approx(float(expected))
    assert float(ours()(LABELS, LOGITS, 1)) == pytest.approx(float(expected))


@pytest.mark.parametrize("weights", [WEIGHTS != 0, (WEIGHTS != 0).astype(np.int64)])
def test_weights_may_be_booleans_or_integers(weights: np.ndarray) -> None:
    expected = v1.softmax_cross_entropy(LABELS, LOGITS, weights)
    assert float(ours()(LABELS, LOGITS, weights)) == pytest.approx(float(expected))


def test_a_class_axis_in_the_middle_is_tf1s_with_the_axis_moved() -> None:
    rng = np.random.default_rng(2)
    labels = rng.dirichlet(np.ones(5), (4, 3)).astype(np.float32)
    logits = rng.normal(size=(4, 3, 5)).astype(np.float32)
    weights = np.float32([[1, 0, 2]] * 4)
    expected = v1.softmax_cross_entropy(labels, logits, weights, 0.1)
    value = ours(axis=1, label_smoothing=0.1)(
        np.moveaxis(labels, -1, 1), np.moveaxis(logits, -1, 1), weights
    )
    assert float(value) == pytest.approx(float(expected))


def test_labels_get_a_gradient_as_in_keras_and_not_in_tf1() -> None:
    labels, logits = tf.constant(LABELS), tf.constant(LOGITS)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(labels)
        value = ours()(labels, logits, WEIGHTS)
        tf1_value = v1.softmax_cross_entropy(labels, logits, WEIGHTS)
    assert tape.gradient(tf1_value, labels) is None
    expected = -tf.nn.log_softmax(logits) * WEIGHTS[:, None] / np.count_nonzero(WEIGHTS)
    np.testing.assert_allclose(tape.gradient(value, labels), expected, rtol=1e-5)


def test_second_derivatives() -> None:
    def hessian_row(loss: Any) -> tf.Tensor:
        logits = tf.constant(LOGITS)
        with tf.GradientTape() as outer:
            outer.watch(logits)
            with tf.GradientTape() as inner:
                inner.watch(logits)
                value = loss(LABELS, logits, WEIGHTS)
            first = inner.gradient(value, logits)
            row = tf.reduce_sum(first * tf.constant(LABELS))
        return outer.gradient(row, logits)

    np.testing.assert_allclose(hessian_row(ours()), hessian_row(of_v1()), rtol=1e-4, atol=1e-6)
