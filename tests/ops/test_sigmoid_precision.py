"""How exact sigmoid losses and gradients are: native ones to 2 units in the last place."""

from __future__ import annotations

import numpy as np
import pytest
import reference
import tensorflow as tf

import keras_xent
from keras_xent.ops import sigmoid_cross_entropy

needs_native = pytest.mark.skipif(
    keras_xent.backend().name != "native", reason=keras_xent.backend().reason
)
RNG = np.random.default_rng(7)
# Dense about 0, and far out on both sides.
LOGITS = np.concatenate(
    [RNG.normal(size=20_000) * 4, RNG.uniform(-120, 120, 5_000), RNG.normal(size=2_000) * 1e-4]
)
LABELS = RNG.choice([0.0, 1.0, 0.5, 0.25, 0.1, 0.9], LOGITS.shape)


def exact(x: np.ndarray, y: np.ndarray, smoothing: float) -> tuple[np.ndarray, np.ndarray]:
    """The losses and their derivatives, in the widest floats and without cancellation."""
    x, y, s = reference.wide(x), reference.wide(y), np.longdouble(smoothing)
    one, other = y * (1 - s) + s / 2, (1 - y) * (1 - s) + s / 2
    exp = np.exp(-np.abs(x))
    losses = np.log1p(exp) + other * np.maximum(x, 0) + one * np.maximum(-x, 0)
    larger, smaller = 1 / (1 + exp), exp / (1 + exp)
    p, q = np.where(x >= 0, larger, smaller), np.where(x >= 0, smaller, larger)
    return losses, other * p - one * q


def ours(x: np.ndarray, y: np.ndarray, smoothing: float, reduction: str) -> tuple:
    logits = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = sigmoid_cross_entropy(logits, y, label_smoothing=smoothing, reduction=reduction)
    return value.numpy(), tape.gradient(value, logits).numpy()


@needs_native
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_native_losses_are_exact_to_2_units_in_the_last_place(
    dtype: type, smoothing: float
) -> None:
    x, y = LOGITS.astype(dtype), LABELS.astype(dtype)
    losses, _ = exact(x, y, smoothing)
    large = losses > 1e-37
    found, _ = ours(x, y, smoothing, "none")
    assert reference.ulps(found[large], losses[large], dtype) <= 2
    for reduction, wanted in (("sum", losses.sum()), ("sum_over_batch_size", losses.mean())):
        value, _ = ours(x, y, smoothing, reduction)
        assert reference.ulps(value, wanted, dtype) <= 2


@needs_native
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_native_tails_keep_their_relative_precision(dtype: type) -> None:
    x = LOGITS.astype(dtype)
    for label in (0, 1):
        y = np.full_like(x, label)
        _, slopes = exact(x, y, 0.0)
        normal = np.abs(slopes) > 1e-37
        _, found = ours(x, y, 0.0, "none")
        assert reference.ulps(found[normal], slopes[normal], dtype) <= 4


def test_portable_tails_are_as_exact_as_tensorflows() -> None:
    keras_xent.set_backend("portable")
    x = LOGITS.astype(np.float32)
    for label in (0, 1):
        y = np.full_like(x, label)
        losses, slopes = exact(x, y, 0.0)
        value, found = ours(x, y, 0.0, "none")
        logits = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(logits)
            theirs = tf.nn.sigmoid_cross_entropy_with_logits(y, logits)
        their_slopes = tape.gradient(theirs, logits).numpy()
        normal = np.abs(slopes) > 1e-37
        theirs_off = reference.ulps(their_slopes[normal], slopes[normal])
        assert reference.ulps(found[normal], slopes[normal]) <= max(4, theirs_off)
        large = losses > 1e-37
        theirs_off = reference.ulps(theirs.numpy()[large], losses[large])
        assert reference.ulps(value[large], losses[large]) <= max(2, theirs_off)


@needs_native
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_native_half_precision_is_rounded_once(dtype: str) -> None:
    x, y = (array.astype(reference.numpy_dtype(dtype)) for array in (LOGITS / 4, LABELS))
    losses, slopes = exact(x, y, 0.1)
    found, their = ours(x, y, 0.1, "none")
    reference.assert_close(found, losses, 0.6 * reference.EPSILON[dtype], 1e-7)
    reference.assert_close(their, slopes, 0.6 * reference.EPSILON[dtype], 1e-7)


def test_second_derivatives_keep_their_relative_precision_in_the_tails() -> None:
    x = tf.constant(
        np.concatenate([np.linspace(-80, -20, 61), np.linspace(20, 80, 61)]), tf.float32
    )
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            value = sigmoid_cross_entropy(x, tf.ones_like(x), reduction="sum")
        slopes = inner.gradient(value, x)
    found = outer.gradient(slopes, x).numpy()
    wide = np.abs(reference.wide(x.numpy()))
    wanted = np.exp(-wide) / (1 + np.exp(-wide)) ** 2
    assert reference.ulps(found, wanted) <= 8
