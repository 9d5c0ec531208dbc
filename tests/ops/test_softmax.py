"""The op against TensorFlow's own: values and gradients, whatever the arguments."""

from __future__ import annotations

from typing import Any, NamedTuple

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import reference
import tensorflow as tf

import keras_xent
from keras_xent import Reduction
from keras_xent.ops import softmax_cross_entropy
from keras_xent.reduction import V1_NAMES

# Eagerly "auto" is "native" where that serves.
BACKENDS = ("auto", "portable")


class Case(NamedTuple):
    dtype: str
    shape: tuple[int, ...]
    axis: int
    label_smoothing: float
    reduction: Reduction
    weights_shape: tuple[int, ...]
    soft_labels: bool
    seed: int

    def arrays(self) -> list[np.ndarray]:
        """Logits, labels and weights; 0 is a frequent weight."""
        rng = np.random.default_rng(self.seed)
        dtype = reference.numpy_dtype(self.dtype)
        logits = rng.normal(size=self.shape) * 2
        if self.soft_labels:
            rest = np.delete(self.shape, self.axis)
            labels = rng.dirichlet(np.ones(self.shape[self.axis]), tuple(rest))
            labels = np.moveaxis(labels, -1, self.axis)
        else:
            labels = reference.one_hot(rng, self.shape, self.axis)
        weights = rng.choice([0.0, 0.5, 1.0, 2.5], self.weights_shape)
        real = "float64" if self.dtype == "float64" else "float32"
        return [logits.astype(dtype), labels.astype(dtype), np.asarray(weights).astype(real)]


@st.composite
def cases(draw: st.DrawFn, dtypes: tuple[str, ...] = reference.DTYPES) -> Case:
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    losses_shape = tuple(np.delete(shape, axis).tolist())
    scalar = draw(st.booleans())
    ones = draw(st.lists(st.booleans(), min_size=len(losses_shape), max_size=len(losses_shape)))
    return Case(
        dtype=draw(st.sampled_from(dtypes)),
        shape=shape,
        axis=axis,
        label_smoothing=draw(st.sampled_from([0.0, 0.1, 0.75, 1.0])),
        reduction=draw(st.sampled_from(list(Reduction))),
        weights_shape=()
        if scalar
        else tuple(1 if one else dim for one, dim in zip(ones, losses_shape)),
        soft_labels=draw(st.booleans()),
        seed=draw(st.integers(0, 2**20)),
    )


def ours(case: Case, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    return softmax_cross_entropy(
        logits,
        labels,
        weights,
        label_smoothing=case.label_smoothing,
        axis=case.axis,
        reduction=case.reduction,
    )


def theirs(case: Case, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """tf.nn's losses of labels smoothed by hand, then TF1's weighting and reduction."""
    smoothing = tf.cast(case.label_smoothing, labels.dtype)
    classes = tf.cast(labels.shape[case.axis], labels.dtype)
    smoothed = labels * (1 - smoothing) + smoothing / classes
    # It takes no negative axis but -1.
    axis = case.axis % len(case.shape)
    losses = tf.nn.softmax_cross_entropy_with_logits(smoothed, logits, axis=axis)
    return tf.compat.v1.losses.compute_weighted_loss(
        losses, weights, loss_collection=None, reduction=V1_NAMES[case.reduction]
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


@hypothesis.settings(max_examples=40)
@hypothesis.given(case=cases())
def test_value_and_logits_gradient_are_exact_to_rounding(case: Case) -> None:
    logits, labels, weights = case.arrays()
    if case.soft_labels:
        # Labels that are rounded sum to one only nearly, which TensorFlow's gradient ignores.
        hypothesis.assume(case.dtype in ("float32", "float64"))
    exact = reference.value_and_gradient(
        logits, labels, weights, case.label_smoothing, case.axis, case.reduction
    )
    tolerance = reference.tolerance(case.dtype)
    for backend in BACKENDS:
        keras_xent.set_backend(backend)
        found = value_and_gradients(ours, case, [logits, labels, weights])
        reference.assert_close(found[0], exact[0], tolerance)
        reference.assert_close(found[1], exact[1], tolerance)


@hypothesis.settings(max_examples=3)
@hypothesis.given(case=cases(dtypes=("float32",)))
def test_in_a_graph_that_knows_no_shape(case: Case) -> None:
    arrays = case.arrays()

    @tf.function(input_signature=[tf.TensorSpec(None)] * 3, autograph=False)
    def run(*tensors: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = ours(case, *tensors)
        return [value, *tape.gradient(value, tensors)]

    found = run(*[tf.constant(array) for array in arrays])
    for one, wanted in zip(found, value_and_gradients(ours, case, arrays)):
        assert one.shape == wanted.shape
        reference.assert_close(one, wanted, 1e-5)


@pytest.mark.parametrize("dtype", reference.DTYPES)
@pytest.mark.parametrize("reduction", list(Reduction))
def test_the_default_axis_is_tf1s_loss(reduction: Reduction, dtype: str) -> None:
    rng = np.random.default_rng(8)
    logits = tf.constant(rng.normal(size=(2, 3, 4)), dtype)
    labels = reference.one_hot(rng, (2, 3, 4)).astype(np.int32)
    weights = tf.constant([[1.0, 0.0, 2.0], [0.0, 0.5, 0.0]])
    with tf.GradientTape() as tape:
        tape.watch([logits, weights])
        expected = tf.compat.v1.losses.softmax_cross_entropy(
            labels, logits, weights, label_smoothing=0.1, reduction=V1_NAMES[reduction]
        )
    slopes = tape.gradient(expected, [logits, weights])
    tolerance = max(reference.TENSORFLOW_TOLERANCE[dtype], 1e-6)
    for backend in BACKENDS:
        keras_xent.set_backend(backend)
        with tf.GradientTape() as tape:
            tape.watch([logits, weights])
            value = softmax_cross_entropy(
                logits, labels, weights, label_smoothing=0.1, reduction=reduction
            )
        assert value.dtype == expected.dtype
        found = [value, *tape.gradient(value, [logits, weights])]
        for one, wanted in zip(found, [expected, *slopes]):
            reference.assert_close(one, wanted, tolerance)


def test_the_defaults_are_tf1s() -> None:
    logits, labels = tf.constant([[1.0, 2.0], [3.0, -1.0]]), tf.constant([[1.0, 0.0], [0.0, 1.0]])
    found = softmax_cross_entropy(logits, labels)
    np.testing.assert_allclose(
        found, tf.compat.v1.losses.softmax_cross_entropy(labels, logits), rtol=1e-6
    )


@pytest.mark.parametrize("labels", [[[0, 1, 0]], [[False, True, False]], np.eye(3)[[1]]])
@pytest.mark.parametrize("weights", [2, True, np.int64(2), [0.5], [True], np.float64(0.5)])
def test_labels_and_weights_of_other_types_are_cast(labels: Any, weights: Any) -> None:
    found = softmax_cross_entropy([[0.5, 1.0, 0.0]], labels, weights, reduction=Reduction.SUM)
    exact, _ = reference.value_and_gradient(
        np.array([[0.5, 1.0, 0.0]]), np.array([[0, 1, 0]]), np.float64(weights)
    )
    assert found.dtype == tf.float32
    np.testing.assert_allclose(found, float(exact), rtol=1e-6)


def test_variables_have_gradients() -> None:
    logits = tf.Variable([[0.5, 1.0, 0.0]])
    weights = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        value = softmax_cross_entropy(logits, [[0, 1, 0]], weights, reduction=Reduction.SUM)
    to_logits, to_weights = tape.gradient(value, [logits, weights])
    exact, gradient = reference.value_and_gradient(
        logits.numpy(), np.array([[0, 1, 0]]), np.float64(2), reduction=Reduction.SUM
    )
    reference.assert_close(to_logits, gradient, 1e-6)
    reference.assert_close(to_weights, exact / 2, 1e-6)


def test_what_is_not_watched_has_no_gradient() -> None:
    logits, labels = tf.constant([[0.5, 1.0]]), tf.constant([[0.0, 1.0]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = softmax_cross_entropy(logits, labels)
    to_logits, to_labels = tape.gradient(value, [logits, labels])
    assert to_labels is None
    assert to_logits is not None
