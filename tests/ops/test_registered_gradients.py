"""Gradients of the native ops themselves, as a graph or a tape that holds one finds them."""

from __future__ import annotations

from typing import Any, Callable

import modes
import numpy as np
import pytest
import reference
import tensorflow as tf

from keras_xent import Reduction
from keras_xent.ops import library, softmax_cross_entropy

pytestmark = pytest.mark.skipif(library.problem() is not None, reason=str(library.problem()))

SMOOTHING = 0.2

Loss = Callable[..., tf.Tensor]


def op_loss(reduction: Reduction, with_backprop: bool) -> Loss:
    """The op's value, straight from TensorFlow's generated function."""
    ops = library.load().ops
    suffix = "_with_backprop" if with_backprop else ""

    def value(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        if reduction is Reduction.NONE:
            op = getattr(ops, "keras_xent_unreduced_softmax_cross_entropy" + suffix)
            result = op(logits, labels, weights, SMOOTHING, axis=1)
        else:
            op = getattr(ops, "keras_xent_softmax_cross_entropy" + suffix)
            result = op(
                logits, labels, weights, SMOOTHING, axis=1, reduction=reduction.value
            )
        return result[0] if with_backprop else result

    return value


def function_loss(reduction: Reduction) -> Loss:
    def value(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return softmax_cross_entropy(
            logits,
            labels,
            weights,
            label_smoothing=SMOOTHING,
            axis=1,
            reduction=reduction,
        )

    return value


def arrays(weights_shape: tuple[int, ...] = (3, 2)) -> list[np.ndarray]:
    rng = np.random.default_rng(2)
    labels = rng.dirichlet(np.ones(4), (3, 2)).transpose(0, 2, 1)
    return [rng.normal(size=(3, 4, 2)), labels, rng.uniform(0.5, 2, weights_shape)]


def derivatives(loss: Loss) -> Callable[..., Any]:
    """The value, its gradients, and those of the gradient to the logits."""

    def run(*tensors: tf.Tensor) -> Any:
        with tf.GradientTape() as outer:
            outer.watch(tensors)
            with tf.GradientTape() as inner:
                inner.watch(tensors)
                value = loss(*tensors)
            first = inner.gradient(value, tensors)
        return [value, *first, *outer.gradient(first[0], tensors, tf.sin(first[0] * 100))]

    return run


@pytest.mark.parametrize("reduction", list(Reduction))
def test_an_ops_gradients_are_the_functions(reduction: Reduction) -> None:
    for weights_shape in [(), (3, 1), (3, 2)]:
        inputs = arrays(weights_shape)
        expected = modes.eager(derivatives(function_loss(reduction)), *inputs)
        for with_backprop in (False, True):
            found = modes.eager(derivatives(op_loss(reduction, with_backprop)), *inputs)
            assert len(found) == len(expected)
            for one, wanted in zip(found, expected):
                reference.assert_close(one, wanted, 1e-13)


def test_shapes_may_be_unknown() -> None:
    found = modes.traced_unknown_shapes(derivatives(op_loss(Reduction.MEAN, True)), *arrays())
    expected = modes.eager(derivatives(function_loss(Reduction.MEAN)), *arrays())
    for one, wanted in zip(found, expected):
        reference.assert_close(one, wanted, 1e-13)


@pytest.mark.parametrize(
    ("reduction", "with_backprop"),
    [
        (Reduction.NONE, False),
        (Reduction.MEAN, True),
    ],
)
def test_tf_gradients_finds_them_in_a_tf1_graph(reduction: Reduction, with_backprop: bool) -> None:
    def both(*tensors: tf.Tensor) -> Any:
        value = op_loss(reduction, with_backprop)(*tensors)
        first = tf.gradients(value, tensors)
        return [*first, *tf.gradients(first[0], tensors, tf.sin(first[0] * 100))]

    found = modes.tf1_graph(both, *arrays())
    _, *expected = modes.eager(derivatives(function_loss(reduction)), *arrays())
    for one, wanted in zip(found, expected):
        reference.assert_close(one, wanted, 1e-13)


@pytest.mark.parametrize("reduction", list(Reduction))
def test_the_backprop_outputs_own_gradient(reduction: Reduction) -> None:
    """It is d value / d logits; the first derivative of <v, backprop> is the second one."""
    ops = library.load().ops
    logits, labels, weights = (tf.constant(array) for array in arrays())
    v = tf.constant(np.random.default_rng(3).normal(size=logits.shape))
    with tf.GradientTape() as tape:
        tape.watch([logits, labels, weights])
        if reduction is Reduction.NONE:
            outputs = ops.keras_xent_unreduced_softmax_cross_entropy_with_backprop(
                logits, labels, weights, SMOOTHING, axis=1
            )
        else:
            outputs = ops.keras_xent_softmax_cross_entropy_with_backprop(
                logits, labels, weights, SMOOTHING, axis=1, reduction=reduction.value
            )
        total = tf.reduce_sum(outputs[1] * v) + 3.0 * tf.reduce_sum(outputs[0])
    found = tape.gradient(total, [logits, labels, weights])

    with tf.GradientTape() as outer:
        outer.watch([logits, labels, weights])
        with tf.GradientTape() as inner:
            inner.watch(logits)
            value = function_loss(reduction)(logits, labels, weights)
        total = tf.reduce_sum(inner.gradient(value, logits) * v) + 3.0 * tf.reduce_sum(value)
    for one, wanted in zip(found, outer.gradient(total, [logits, labels, weights])):
        reference.assert_close(one, wanted, 1e-13)


@pytest.mark.parametrize("coefficients_shape", [(), (1, 2), (3, 2)])
def test_the_gradient_ops_own_gradient(coefficients_shape: tuple[int, ...]) -> None:
    logits, labels, coefficients = (tf.constant(a) for a in arrays(coefficients_shape))
    v = tf.constant(np.random.default_rng(4).normal(size=logits.shape))
    sources = [logits, labels, coefficients]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(sources)
        found = library.load().ops.keras_xent_softmax_cross_entropy_grad(
            logits, labels, coefficients, SMOOTHING, axis=1
        )
        smoothed = labels * (1 - SMOOTHING) + SMOOTHING / 4
        full = tf.broadcast_to(coefficients, [3, 2])
        expected = tf.expand_dims(full, 1) * (tf.nn.softmax(logits, 1) - smoothed)
    reference.assert_close(found, expected, 1e-14)
    for one, wanted in zip(
        tape.gradient(found, sources, v), tape.gradient(expected, sources, v)
    ):
        reference.assert_close(one, wanted, 1e-13)


def test_scale_backprops_gradient_of_single_elements() -> None:
    """The sigmoid's: a gradient of each element of a vector."""
    backprop, grad, v = (tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0]), tf.constant([5.0, 6.0]))
    with tf.GradientTape() as tape:
        tape.watch([backprop, grad])
        found = library.load().ops.keras_xent_scale_backprop(backprop, grad, axis=0)
    to_backprop, to_grad = tape.gradient(found, [backprop, grad], v)
    np.testing.assert_array_equal(to_backprop, v * grad)
    np.testing.assert_array_equal(to_grad, v * backprop)


@pytest.mark.parametrize("grad_shape", [(), (3, 2), (3, 4, 2)])
def test_scale_backprops_gradient(grad_shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(5)
    backprop, v = (tf.constant(rng.normal(size=(3, 4, 2))) for _ in range(2))
    grad = tf.constant(rng.normal(size=grad_shape))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([backprop, grad])
        found = library.load().ops.keras_xent_scale_backprop(backprop, grad, axis=1)
        expected = backprop * (tf.expand_dims(grad, 1) if grad_shape == (3, 2) else grad)
    for one, wanted in zip(
        tape.gradient(found, [backprop, grad], v), tape.gradient(expected, [backprop, grad], v)
    ):
        reference.assert_close(one, wanted, 1e-14)


def test_a_smoothing_that_is_no_constant_raises_an_error() -> None:
    ops = library.load().ops

    @tf.function(
        input_signature=[tf.TensorSpec([2, 3]), tf.TensorSpec([], tf.float64)], autograph=False
    )
    def gradient(logits: tf.Tensor, smoothing: tf.Tensor) -> tf.Tensor:
        value = ops.keras_xent_softmax_cross_entropy(
            logits, tf.eye(2, 3), 1.0, smoothing, reduction="sum"
        )
        return tf.gradients(value, logits)

    with pytest.raises(ValueError, match=r"label_smoothing of .* is not a constant"):
        gradient(tf.zeros([2, 3]), 0.1)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_second_derivatives_in_other_dtypes(dtype: str) -> None:
    """The value of float16 logits is float32, and their backprop is float16."""
    real = "float64" if dtype == "float64" else "float32"

    def backprop(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        op = library.load().ops.keras_xent_softmax_cross_entropy_with_backprop
        return op(logits, labels, weights, SMOOTHING, axis=1, reduction="sum")[1]

    logits, labels, weights = arrays()
    with tf.Graph().as_default() as graph, tf.compat.v1.Session(graph=graph) as session:
        x = tf.constant(logits, dtype)
        second = backprop(x, tf.constant(labels, dtype), tf.constant(weights, real))
        found = session.run(tf.gradients(second, x, tf.sin(x))[0])
    with tf.GradientTape() as outer:
        x = tf.constant(logits)
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            value = function_loss(Reduction.SUM)(x, labels, weights)
        to_logits = inner.gradient(value, x)
    expected = outer.gradient(to_logits, x, tf.sin(x))
    assert found.dtype == dtype
    np.testing.assert_allclose(found, expected, atol=1e-12 if dtype == "float64" else 5e-3)
