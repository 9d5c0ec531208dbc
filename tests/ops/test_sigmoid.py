"""Sigmoid cross entropy against TensorFlow's own: values and gradients of both orders."""

from __future__ import annotations

import functools
from typing import Any, Callable, NamedTuple

import hypothesis
import hypothesis.strategies as st
import modes
import numpy as np
import pytest
import reference
import tensorflow as tf

import keras_xent
from keras_xent import Reduction
from keras_xent.ops import sigmoid_cross_entropy
from keras_xent.reduction import V1_NAMES

# Eagerly "auto" is "native" where that serves.
BACKENDS = ("auto", "portable")


class Case(NamedTuple):
    dtype: str
    shape: tuple[int, ...]
    label_smoothing: float
    reduction: Reduction
    weights_shape: tuple[int, ...]
    seed: int

    def arrays(self) -> list[np.ndarray]:
        """Logits, labels and weights; 0 and 1 are frequent labels, and 0 a frequent weight."""
        rng = np.random.default_rng(self.seed)
        labels = np.clip(rng.uniform(-1, 2, self.shape), 0, 1)
        weights = rng.choice([0.0, 0.5, 1.0, 2.5], self.weights_shape)
        dtype = reference.numpy_dtype(self.dtype)
        real = "float64" if self.dtype == "float64" else "float32"
        logits = np.asarray(rng.normal(size=self.shape) * 3).astype(dtype)
        return [logits, np.asarray(labels).astype(dtype), np.asarray(weights, real)]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    shape = tuple(draw(st.lists(st.integers(1, 5), max_size=4)))
    ones = draw(st.lists(st.booleans(), min_size=len(shape), max_size=len(shape)))
    broadcast = tuple(1 if one else dim for one, dim in zip(ones, shape))
    return Case(
        dtype=draw(st.sampled_from(reference.DTYPES)),
        shape=shape,
        label_smoothing=draw(st.sampled_from([0.0, 0.1, 1.0])),
        reduction=draw(st.sampled_from(list(Reduction))),
        weights_shape=draw(st.sampled_from([(), broadcast])),
        seed=draw(st.integers(0, 2**20)),
    )


def ours(case: Case, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    return sigmoid_cross_entropy(
        logits,
        labels,
        weights,
        label_smoothing=case.label_smoothing,
        reduction=case.reduction,
    )


def theirs(case: Case, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    return tf.compat.v1.losses.sigmoid_cross_entropy(
        labels,
        logits,
        weights,
        label_smoothing=case.label_smoothing,
        loss_collection=None,
        reduction=V1_NAMES[case.reduction],
    )


def value_and_gradients(function: Any, case: Case, arrays: list[np.ndarray]) -> list[tf.Tensor]:
    tensors = [tf.constant(array) for array in arrays]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = function(case, *tensors)
    return [value, *tape.gradient(value, tensors)]


@hypothesis.settings(max_examples=40)
@hypothesis.given(case=cases())
def test_value_and_gradients_are_tensorflows(case: Case) -> None:
    arrays = case.arrays()
    expected = value_and_gradients(theirs, case, arrays)
    for backend in BACKENDS:
        keras_xent.set_backend(backend)
        found = value_and_gradients(ours, case, arrays)
        reference.assert_as_tensorflow(found, expected, case.dtype)


RNG = np.random.default_rng(3)
LOGITS = (RNG.normal(size=(4, 3)) * 3).astype("f")
LABELS = RNG.choice([0, 0.25, 1], (4, 3)).astype("f")
WEIGHTS = np.array([[0.0], [1.0], [2.0], [0.5]], "f")

Op = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


def v1_loss(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    return tf.compat.v1.losses.sigmoid_cross_entropy(labels, logits, weights, label_smoothing=0.2)


def our_loss(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    return sigmoid_cross_entropy(logits, labels, weights, label_smoothing=0.2)


def derivatives(op: Op) -> Callable[..., Any]:
    """The value, its gradients, and those of their squares' sum."""

    def run(*inputs: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape(persistent=True) as outer:
            outer.watch(inputs)
            with tf.GradientTape() as inner:
                inner.watch(inputs)
                value = op(*inputs)
            first = inner.gradient(value, inputs)
            squares = tf.add_n([tf.reduce_sum(gradient**2) for gradient in first])
        return [value, *first, *outer.gradient(squares, inputs)]

    return run


@functools.lru_cache(maxsize=None)
def wanted_of_v1() -> list[tf.Tensor]:
    return modes.eager(derivatives(v1_loss), LOGITS, LABELS, WEIGHTS)


# A graph of "auto" has what one of "native" has.
both_backends = pytest.mark.parametrize("backend", BACKENDS, indirect=True)


@pytest.mark.parametrize(
    ("mode", "backend"),
    [
        *((mode, "auto") for mode in ("eager", "traced_unknown_shapes")),
        *((mode, "portable") for mode in ("eager", "traced")),
        *((mode, "auto") for mode in ("compiled", "traced_then_compiled")),
    ],
    indirect=["backend"],
)
def test_second_derivatives_are_tensorflows_in_every_mode(mode: str, backend: str) -> None:
    found = modes.MODES[mode](derivatives(our_loss), LOGITS, LABELS, WEIGHTS)
    for one, expected in zip(found, wanted_of_v1()):
        reference.assert_close(one, expected, 5e-6)


# tests/v1/test_modes.py has sessions of "auto".
@pytest.mark.parametrize("backend", ["portable"], indirect=True)
def test_in_a_session_with_gradients(backend: str) -> None:
    def run(*inputs: tf.Tensor) -> list[tf.Tensor]:
        value = our_loss(*inputs)
        return [value, *tf.gradients(value, inputs)]

    for one, expected in zip(modes.tf1_graph(run, LOGITS, LABELS, WEIGHTS), wanted_of_v1()):
        reference.assert_close(one, expected, 2e-6)


LARGE = np.array([1e4, -1e4, 3e38, -3e38, 90, -90], "f")


def loss_and_slope(logits: tf.Tensor, labels: tf.Tensor) -> list[tf.Tensor]:
    with tf.GradientTape() as tape:
        tape.watch(logits)
        losses = sigmoid_cross_entropy(logits, labels, reduction="none")
    return [losses, tape.gradient(losses, logits)]


@both_backends
@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_large_logits_do_not_overflow_and_tails_stay_exact(mode: str, backend: str) -> None:
    in_mode = modes.once(mode, loss_and_slope)
    # sigmoid(-30) = 1 - sigmoid(30), to float32's relative precision.
    logits = np.append(LARGE, np.array([-30, 30], "f"))
    tail = np.exp(-30.0) / (1 + np.exp(-30.0))
    for label in (0.0, 1.0):
        losses, slopes = (np.asarray(x) for x in in_mode(logits, np.full_like(logits, label)))
        wrong = LARGE if label == 0 else -LARGE
        np.testing.assert_allclose(losses[:-2], np.maximum(wrong, 0), rtol=1e-6, atol=1e-37)
        sign = 1 if label == 0 else -1
        np.testing.assert_allclose(slopes[:-2], sign * (wrong > 0), rtol=1e-6, atol=1e-37)
        small = -2 if label == 0 else -1
        np.testing.assert_allclose(slopes[small], sign * tail, rtol=1e-6)
        np.testing.assert_allclose(losses[small], np.log1p(np.exp(-30.0)), rtol=1e-6)


def test_an_infinite_logit_with_half_a_label_is_infinite(eager_backend: str) -> None:
    # TensorFlow, and so the portable backend, computes inf - inf of one that is positive.
    logits, labels = tf.constant([-np.inf] * 2, tf.float32), tf.constant([0.5, 1.0])
    losses, _ = loss_and_slope(logits, labels)
    np.testing.assert_array_equal(losses, [np.inf] * 2)
    theirs = tf.nn.sigmoid_cross_entropy_with_logits(labels, logits)
    np.testing.assert_array_equal(losses, theirs)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)])
def test_empty_tensors_give_zero(shape: tuple[int, ...], eager_backend: str) -> None:
    logits = tf.zeros(shape)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = sigmoid_cross_entropy(logits, logits)
    assert float(value) == 0
    assert tape.gradient(value, logits).shape == shape


def test_shapes_that_do_not_fit_raise_an_error() -> None:
    with pytest.raises(ValueError, match="must have the same shape"):
        sigmoid_cross_entropy(np.zeros([2, 3], "f"), np.zeros([2, 1], "f"))
    with pytest.raises(ValueError, match="weights cannot be broadcast"):
        sigmoid_cross_entropy(np.zeros([2, 3], "f"), np.zeros([2, 3], "f"), [1.0, 2.0])
    for mode in ("traced_unknown_shapes", "compiled_unknown_shapes"):
        run = modes.once(mode, sigmoid_cross_entropy)
        for wrong in ([2, 1], [6]):
            with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
                pytest.fail(f"{wrong}: {run(np.zeros([2, 3], 'f'), np.zeros(wrong, 'f'))}")


def test_in_a_mapped_function_and_for_jacobians(backend: str) -> None:
    arrays = (tf.constant(LOGITS), tf.constant(LABELS), tf.constant(WEIGHTS))

    def each(op: Op) -> Callable[..., tf.Tensor]:
        def gradient(example: Any) -> tf.Tensor:
            logits, labels, weights = example
            with tf.GradientTape() as tape:
                tape.watch(logits)
                value = op(logits, labels, weights)
            return tape.gradient(value, logits)

        return gradient

    found = tf.vectorized_map(each(our_loss), arrays, fallback_to_while_loop=False)
    wanted = tf.stack([each(v1_loss)(example) for example in zip(*arrays)])
    reference.assert_close(found, wanted, 1e-6)
    logits = arrays[0]
    with tf.GradientTape() as tape:
        tape.watch(logits)
        losses = sigmoid_cross_entropy(logits, LABELS, reduction="none")
    jacobian = tape.batch_jacobian(losses, logits)
    slopes = tf.sigmoid(logits) - LABELS
    reference.assert_close(jacobian, tf.linalg.diag(slopes), 1e-6)
