"""Results that TensorFlow's own op has lost the digits of."""

from __future__ import annotations

from typing import Any, Callable

import modes
import numpy as np
import pytest
import reference
import tensorflow as tf

import keras_xent
from keras_xent import Reduction
from keras_xent.ops import softmax_cross_entropy

both_backends = pytest.mark.parametrize("backend", ["auto", "portable"], indirect=True)
needs_native = pytest.mark.skipif(
    keras_xent.backend().name != "native", reason=keras_xent.backend().reason
)


def gradient(
    logits: np.ndarray, labels: np.ndarray, reduction: Reduction = Reduction.NONE
) -> np.ndarray:
    x = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = softmax_cross_entropy(x, labels, reduction=reduction)
    return tape.gradient(value, x).numpy()


@needs_native
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("others", [[0.0, 0.0], [0.0] * 9, [0.0] * 99, [3.0, -1.0, 2.0]])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_dominant_class_has_minus_the_sum_of_the_others(
    others: list[float], dtype: str, axis: int
) -> None:
    logits = np.array([[40.0, *others]] * 2, dtype)
    labels = np.eye(1, logits.shape[1], dtype=dtype).repeat(2, 0)
    x, y = (logits, labels) if axis == 1 else (logits.T.copy(), labels.T.copy())
    with tf.GradientTape() as tape:
        tensor = tf.constant(x)
        tape.watch(tensor)
        value = softmax_cross_entropy(tensor, y, axis=axis, reduction=Reduction.SUM)
    found = tape.gradient(value, tensor).numpy()
    found = found if axis == 1 else found.T
    assert (found[:, 1:] > 0).all()
    np.testing.assert_allclose(-found[:, 0], found[:, 1:].sum(1), rtol=1e-6)
    exact = reference.p_minus_y(logits, labels)
    np.testing.assert_allclose(found, exact.astype(dtype), rtol=1e-6)


@needs_native
def test_a_float64_probability_of_6e_17_has_its_gradient() -> None:
    logits = np.array([[0.0, np.log(5.6e-17)]])
    found = gradient(logits, np.array([[1.0, 0.0]]))
    exact = reference.p_minus_y(logits, np.array([[1.0, 0.0]])).astype(np.float64)
    assert 5.5e-17 < found[0, 1] < 5.7e-17
    np.testing.assert_allclose(found, exact, rtol=1e-13, atol=0)


@both_backends
@pytest.mark.parametrize("classes", [9, 40, 300, 5000])
@pytest.mark.parametrize("ties", [1, 2])
@pytest.mark.parametrize("axis", [0, 1])
def test_the_largest_of_many_small_probabilities_is_as_precise_as_the_others(
    backend: str, classes: int, ties: int, axis: int
) -> None:
    random = np.random.RandomState(0)
    logits = random.uniform(-0.1, 0.1, [3, classes]).astype(np.float32)
    logits[:, 2 : 2 + ties] = 0.125
    labels = random.uniform(0.5, 1.5, [3, classes])
    labels = (labels / labels.sum(1, keepdims=True)).astype(np.float32)
    exact = reference.p_minus_y(logits, labels).astype(np.float64)
    x, y = (logits, labels) if axis == 1 else (logits.T.copy(), labels.T.copy())
    with tf.GradientTape() as tape:
        tensor = tf.constant(x)
        tape.watch(tensor)
        value = softmax_cross_entropy(tensor, y, axis=axis, reduction=Reduction.SUM)
    found = tape.gradient(value, tensor).numpy()
    found = found if axis == 1 else found.T
    # p and y are about 1 / classes, and are known to a few units in their last place; the
    # portable backend's are as exact as TensorFlow's sum over the classes.
    units = 24 if backend == "auto" else 24 + classes / 50
    np.testing.assert_allclose(found, exact, rtol=0, atol=units * 2.0**-24 / classes)


def near_zero(classes: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Random logits, and ever more dominant true classes."""
    rng = np.random.default_rng(classes)
    rows = 32
    logits = rng.normal(size=(rows, classes)).astype(dtype)
    logits[:, 0] = np.linspace(-2, 60, rows)
    labels = np.zeros([rows, classes], dtype)
    labels[:, 0] = 1
    return logits, labels


@needs_native
@pytest.mark.parametrize("classes", [2, 10, 1000, 50000])
def test_float32_losses_are_within_2_ulp(classes: int) -> None:
    logits, labels = near_zero(classes, "float32")
    found = softmax_cross_entropy(logits, labels, reduction=Reduction.NONE)
    exact = reference.losses(logits, labels)
    assert exact.min() < 1e-20
    assert reference.ulps(found, exact) <= 2


@needs_native
@pytest.mark.parametrize("classes", [2, 10, 1000, 50000])
def test_float64_losses_near_zero_keep_their_digits(classes: int) -> None:
    logits, labels = near_zero(classes, "float64")
    found = softmax_cross_entropy(logits, labels, reduction=Reduction.NONE)
    exact = reference.losses(logits, labels).astype(np.float64)
    np.testing.assert_allclose(found, exact, rtol=1e-14, atol=0)


@needs_native
def test_random_one_hot_and_soft_losses_are_within_2_ulp() -> None:
    rng = np.random.default_rng(12)
    logits = (rng.normal(size=(200, 100)) * 5).astype("f")
    for labels in (reference.one_hot(rng, logits.shape), rng.dirichlet(np.ones(100), 200)):
        labels = labels.astype("f")
        for smoothing in (0.0, 0.1):
            found = softmax_cross_entropy(
                logits, labels, label_smoothing=smoothing, reduction=Reduction.NONE
            )
            exact = reference.losses(logits, labels, smoothing)
            assert reference.ulps(found, exact) <= 2


def smoothed_losses(mode: Callable[..., Any], of_ours: bool, smoothing: float) -> Any:
    """Losses and their gradient, computed in a mode by the portable backend or by TensorFlow."""

    def run(logits: tf.Tensor, labels: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            if of_ours:
                losses = softmax_cross_entropy(
                    logits, labels, label_smoothing=smoothing, reduction=Reduction.NONE
                )
            else:
                smoothed = labels * (1 - smoothing) + smoothing / labels.shape[-1]
                losses = tf.nn.softmax_cross_entropy_with_logits(smoothed, logits)
        return losses, tape.gradient(losses, logits)

    return lambda *arguments: mode(run, *arguments)


def error(found: Any, exact: np.ndarray, unit: np.ndarray) -> float:
    """The root of the mean squared error, in units."""
    difference = (reference.wide(found) - exact) / unit
    return float(np.sqrt(np.mean(np.square(difference))))


@pytest.mark.parametrize(
    ("mode", "smoothing", "classes"),
    [
        *((modes.eager, 0.0, classes) for classes in (2, 65, 8000)),
        *((modes.eager, 0.1, classes) for classes in (10, 1000)),
        (modes.compiled, 0.1, 65),
        *((modes.compiled, 0.0, classes) for classes in (2, 8000)),
    ],
)
@pytest.mark.parametrize("backend", ["portable"], indirect=True)
def test_the_portable_backend_is_as_exact_as_tensorflow(
    backend: str, mode: Callable[..., Any], smoothing: float, classes: int
) -> None:
    """Nothing is as exact as the native kernels without a further pass over the memory."""
    rng = np.random.default_rng(classes)
    half = max(20, 2000 // classes)
    ours, theirs = (smoothed_losses(mode, of_ours, smoothing) for of_ours in (True, False))
    # The losses of the second half are near 0, or far from it.
    logits = rng.normal(size=[2 * half, classes]).astype("f")
    logits[half:] *= 5
    labels = reference.one_hot(rng, logits.shape).astype("f")
    found, expected = ours(logits, labels), theirs(logits, labels)
    exact = reference.losses(logits, labels, smoothing)
    # A loss near 0 has the rounding error of a sum of exponentials near 1.
    unit = np.spacing(np.maximum(exact, 1).astype("f"))
    slopes, one = reference.p_minus_y(logits, labels, smoothing), np.float32(1)
    for part in (slice(half), slice(half, None)):
        of_ours, of_theirs = (
            error(losses[part], exact[part], unit[part]) for losses, _ in (found, expected)
        )
        assert of_ours <= 1.1 * of_theirs
        of_ours, of_theirs = (
            error(gradient[part], slopes[part], one) for _, gradient in (found, expected)
        )
        assert of_ours <= 1.1 * of_theirs


@needs_native
def test_a_sum_over_many_losses_is_within_an_ulp() -> None:
    rng = np.random.default_rng(13)
    logits = rng.normal(size=(100000, 3)).astype("f")
    labels = reference.one_hot(rng, logits.shape).astype("f")
    for reduction in (Reduction.SUM, Reduction.SUM_BY_NONZERO_WEIGHTS):
        found = softmax_cross_entropy(logits, labels, reduction=reduction)
        exact, _ = reference.value_and_gradient(logits, labels, reduction=reduction)
        assert reference.ulps(found, exact) <= 1


@both_backends
def test_float16_gradients_with_a_loss_scale_are_as_good_as_tensorflows(backend: str) -> None:
    rng = np.random.default_rng(14)
    logits = (rng.normal(size=(4096, 20)) * 3).astype(np.float16)
    labels = reference.one_hot(rng, logits.shape).astype(np.float16)
    scale = tf.constant(2.0**15, tf.float16)
    x = tf.constant(logits)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        ours = softmax_cross_entropy(x, labels) * scale
        theirs = tf.compat.v1.losses.softmax_cross_entropy(labels, x) * scale
    _, exact = reference.value_and_gradient(logits, labels)

    def error(value: tf.Tensor) -> float:
        found = reference.wide(tape.gradient(value, x)) / 2.0**15
        return float(np.abs(found - exact).max() / np.abs(exact).max())

    assert error(ours) <= error(theirs)
    assert error(ours) < 1e-3
    # Scaled only after it was rounded to float16, most of it would be gone.
    unscaled = exact.astype(np.float16)
    assert np.count_nonzero(unscaled) < 0.9 * unscaled.size
    assert np.count_nonzero(tape.gradient(ours, x)) > 0.98 * unscaled.size
