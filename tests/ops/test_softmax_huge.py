"""Logits near the end of their dtype's range: what is added up must not overflow on the way."""

from __future__ import annotations

from typing import Any, Tuple

import modes
import numpy as np
import pytest
import reference
import tensorflow as tf

import keras_xent
from keras_xent import Reduction
from keras_xent.ops import softmax_cross_entropy
from keras_xent.reduction import V1_NAMES

# The backends that differ: "auto" is "native" where that serves.
BACKENDS = ("auto", "portable")
both_backends = pytest.mark.parametrize("backend", BACKENDS, indirect=True)
Arrays = Tuple[np.ndarray, np.ndarray, np.ndarray]


def masked(classes: int, dtype: str = "float32", mask: float = 1.0, present: int = 2) -> Arrays:
    """All classes but a few have `mask` times the lowest logit; the last example weighs nothing."""
    logits = np.full([3, classes], float(tf.as_dtype(dtype).min) * mask)
    logits[:, :present] = [[1.0], [-2.0], [0.5]]
    labels = np.zeros([3, classes])
    labels[[0, 1, 2], [0, -1, 1 % classes]] = 1
    real = "float64" if dtype == "float64" else "float32"
    stored = reference.numpy_dtype(dtype)
    return logits.astype(stored), labels.astype(stored), np.array([0.5, 0.75, 0.0], real)


def theirs(
    logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor, smoothing: float, axis: int = -1
) -> tf.Tensor:
    """TF1's weighted losses. It weights those of float64 in float32, where they overflow."""
    if axis != -1:
        logits, labels = (tf.transpose(x, [1, 0]) for x in (logits, labels))
    if logits.dtype != tf.float64:
        return tf.compat.v1.losses.softmax_cross_entropy(
            labels, logits, weights, label_smoothing=smoothing, reduction="none"
        )
    if smoothing:
        smoothed = smoothing / tf.cast(tf.shape(labels)[-1], labels.dtype)
        labels = labels * (1 - smoothing) + smoothed
    return weights * tf.nn.softmax_cross_entropy_with_logits(tf.stop_gradient(labels), logits)


def with_gradients(loss: Any, smoothing: float, axis: int = -1) -> Any:
    """The losses, and the gradients that TF1 gives."""

    def function(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch([logits, weights])
            losses = loss(logits, labels, weights, smoothing, axis)
        return [losses, *tape.gradient(losses, [logits, weights])]

    return function


def ours(
    logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor, smoothing: float, axis: int = -1
) -> tf.Tensor:
    return softmax_cross_entropy(
        logits, labels, weights, label_smoothing=smoothing, axis=axis, reduction=Reduction.NONE
    )


def both(smoothing: float, axis: int = -1, mode: str = "eager") -> Any:
    """Ours in a mode, and theirs: the losses, and the gradients that TF1 gives."""
    in_mode = modes.once(mode, with_gradients(ours, smoothing, axis))

    def pairs(*arrays: np.ndarray) -> list[Any]:
        expected = modes.eager(with_gradients(theirs, smoothing, axis), *arrays)
        return list(zip(in_mode(*arrays), expected))

    return pairs


def assert_same(pairs: Any, dtype: str) -> None:
    for found, expected in pairs:
        scale = max(1.0, float(np.abs(reference.array(expected).astype("d")).max()))
        assert np.isfinite(scale)
        reference.assert_close(
            reference.array(found).astype("d") / scale,
            reference.array(expected).astype("d") / scale,
            reference.TENSORFLOW_TOLERANCE[dtype],
        )


@pytest.mark.parametrize("smoothing", [0.0, 0.9])
@pytest.mark.parametrize("dtype", reference.DTYPES)
@pytest.mark.parametrize("axis", [-1, 0])
def test_many_masked_classes_cost_what_they_cost_in_tf1(
    dtype: str, smoothing: float, axis: int
) -> None:
    # Along axis 0 the portable backend adds up one after another, and loses digits.
    for classes in (1, 8, 9, 65, *([3000] if axis == -1 else [300])):
        for mask in (0.95, 0.3):
            logits, labels, weights = masked(classes, dtype, mask)
            if axis == 0:
                logits, labels = logits.T.copy(), labels.T.copy()
            expected = modes.eager(with_gradients(theirs, smoothing, axis), logits, labels, weights)
            for backend in BACKENDS:
                keras_xent.set_backend(backend)
                found = modes.eager(with_gradients(ours, smoothing, axis), logits, labels, weights)
                assert_same(zip(found, expected), dtype)


@pytest.mark.parametrize(
    ("backend", "mode"),
    [
        ("portable", "traced_unknown_shapes"),
        ("auto", "compiled"),
        ("auto", "traced_then_compiled"),
        ("auto", "tf1_graph"),
    ],
    indirect=["backend"],
)
def test_in_every_mode(backend: str, mode: str) -> None:
    assert_same(both(0.1, mode=mode)(*masked(70)), "float32")


@both_backends
def test_late_unmasked_classes(backend: str) -> None:
    """The native kernel has added up many differences from a lower maximum by then."""
    for dtype in ("float32", "float64"):
        logits, labels, weights = (x[..., ::-1].copy() for x in masked(5000, dtype, 0.95))
        assert_same(both(0.1)(logits, labels, weights[::-1].copy()), dtype)


@both_backends
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_labels_that_only_smoothing_brings_into_range(backend: str, dtype: str) -> None:
    for classes in (5, 48, 300):
        logits, labels, weights = masked(classes, dtype, 0.5)
        labels[:] = 4 / (classes - 2)
        labels[:, :2] = 0
        assert_same(both(0.75)(logits, labels, weights), dtype)


@both_backends
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_difference_beyond_the_range_costs_infinity_whatever_its_label(
    backend: str, smoothing: float
) -> None:
    for classes in (3, 9, 70, 5000):
        for order in (1, -1):
            logits, labels, weights = masked(classes, mask=0.8, present=0)
            logits[:, 0] = 3e38
            labels[:] = 0.5 / classes
            logits, labels = logits[:, ::order].copy(), labels[:, ::order].copy()
            (found, expected), gradients, _ = both(smoothing)(logits, labels, weights)
            np.testing.assert_array_equal(expected, [np.inf, np.inf, np.nan])
            np.testing.assert_array_equal(found, expected)
            np.testing.assert_allclose(*gradients, rtol=1e-5, atol=1e-6)


@both_backends
@pytest.mark.parametrize("reduction", list(Reduction))
def test_a_sum_of_losses_beyond_the_range_is_tf1s(backend: str, reduction: Reduction) -> None:
    logits = np.array([[0, -3e38], [0, -2e38], [-1, -3e38]], "f")
    labels = np.array([[0, 1], [0, 1], [1, 0]], "f")
    for weights in ([1, 1, 1], [1, 0, 1], [0.25, 0.25, 1], [2, 1, 0], [3e38, 3e38, 1]):
        w = tf.constant(weights, tf.float32)
        found = softmax_cross_entropy(logits, labels, w, reduction=reduction)
        expected = tf.compat.v1.losses.softmax_cross_entropy(
            labels, logits, w, reduction=V1_NAMES[reduction]
        )
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@both_backends
@pytest.mark.parametrize("classes", [4, 70])
def test_labels_and_second_derivatives(backend: str, classes: int) -> None:
    logits, labels, weights = masked(classes)
    v = np.random.default_rng(0).normal(size=logits.shape).astype("f")

    def derivatives(loss: Any) -> list[np.ndarray]:
        x, y = tf.constant(logits), tf.constant(labels)
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape(persistent=True) as inner:
                inner.watch([x, y])
                value = loss(x, y)
            product = tf.reduce_sum(inner.gradient(value, x) * v)
        return [inner.gradient(value, y).numpy(), outer.gradient(product, x).numpy()]

    def ours_of(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        return softmax_cross_entropy(x, y, weights, label_smoothing=0.1, reduction=Reduction.NONE)

    def theirs_of(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        smoothed = y * 0.9 + 0.1 / classes
        return weights * tf.nn.softmax_cross_entropy_with_logits(smoothed, x)

    for found, expected in zip(derivatives(ours_of), derivatives(theirs_of)):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@both_backends
def test_a_weight_of_zero_does_not_hide_a_loss_that_many_labels_make_infinite(
    backend: str,
) -> None:
    logits = np.full([1, 1000], -1e30, "f")
    logits[:, 0] = 0
    labels, weight = np.full_like(logits, 1e6), np.zeros([1], "f")
    (found, expected), _, _ = both(0.0)(logits, labels, weight)
    assert np.isnan(expected)
    assert np.isnan(found)


def signs(values: Any) -> list[float]:
    """1 or -1 for every zero, and 0 for other numbers."""
    array = np.atleast_1d(reference.array(values).astype("d"))
    return np.where(array == 0, np.copysign(1, array), 0).tolist()


def of_every_reduction(loss: Any, reductions: Any) -> Any:
    def run(x: tf.Tensor, y: tf.Tensor, w: tf.Tensor) -> list[tf.Tensor]:
        return [loss(x, y, w, reduction) for reduction in reductions]

    return run


def reduced(x: tf.Tensor, y: tf.Tensor, w: tf.Tensor, reduction: Reduction) -> tf.Tensor:
    return softmax_cross_entropy(x, y, w, reduction=reduction)


def reduced_in_tf1(x: tf.Tensor, y: tf.Tensor, w: tf.Tensor, reduction: Reduction) -> tf.Tensor:
    return tf.compat.v1.losses.softmax_cross_entropy(y, x, w, reduction=V1_NAMES[reduction])


def test_a_loss_of_zero_has_the_sign_it_has_in_tf1() -> None:
    for classes in (1, 9, 70):
        logits = np.full([2, classes], -200, "f")
        logits[:, 0] = 3
        for label in (1.0, 0.0, -0.0, -1.0):
            labels = np.zeros([2, classes], "f")
            labels[:, 0] = label
            for weights in ([1, 1], [-1, 1], [-1, -1], [0.0, -0.0]):
                arrays = (logits, labels, np.array(weights, "f"))
                expected = modes.eager(of_every_reduction(reduced_in_tf1, Reduction), *arrays)
                for backend in BACKENDS:
                    keras_xent.set_backend(backend)
                    found = modes.eager(of_every_reduction(reduced, Reduction), *arrays)
                    assert list(map(signs, found)) == list(map(signs, expected))


@both_backends
def test_so_it_has_in_a_session(backend: str) -> None:
    reductions = [Reduction.NONE, Reduction.MEAN]
    arrays = np.array([[3, -200]] * 2, "f"), np.array([[-1, 0]] * 2, "f"), np.array([1, -1], "f")
    found = modes.tf1_graph(of_every_reduction(reduced, reductions), *arrays)
    expected = modes.eager(of_every_reduction(reduced_in_tf1, reductions), *arrays)
    assert list(map(signs, found)) == list(map(signs, expected))


@both_backends
def test_a_negative_loss_too_small_for_its_dtype_is_zero(backend: str) -> None:
    labels = np.array([[-1e-20, 0.0]], "f")
    logits = np.array([[80.0, 0.0]], "f")
    found = softmax_cross_entropy(logits, labels, reduction=Reduction.NONE)
    assert signs(found) == signs(tf.nn.softmax_cross_entropy_with_logits(labels, logits)) == [1]
