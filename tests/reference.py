"""Softmax cross entropy in numpy's widest floats, and how far from it each dtype may be.

TensorFlow is the oracle of what is computed; this is the yardstick where TensorFlow itself
is too inexact to tell a good result from a bad one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from keras_xent import Reduction
from keras_xent.comparing import exactness

DTYPES, EPSILON = exactness.DTYPES, exactness.EPSILON

# What to allow TensorFlow's own results, whose 16-bit arithmetic is 16-bit throughout.
TENSORFLOW_TOLERANCE = {dtype: 2 * exactness.OF_RESULTS.error(dtype) for dtype in DTYPES}


def tolerance(dtype: str) -> float:
    """What to allow a result of ours on a few dozen examples of moderate size."""
    return exactness.Roundings(narrow=4, wide=4).error(dtype)


def numpy_dtype(dtype: str) -> np.dtype:
    return np.dtype(tf.as_dtype(dtype).as_numpy_dtype)


def array(values: Any) -> np.ndarray:
    # A scalar bfloat16 tensor is no array to numpy.asarray.
    return np.asarray(values.numpy() if tf.is_tensor(values) else values)


def wide(values: Any) -> np.ndarray:
    return array(values).astype(np.float64).astype(np.longdouble)


def smoothed(labels: np.ndarray, label_smoothing: float, axis: int = -1) -> np.ndarray:
    smoothing = np.longdouble(label_smoothing)
    return wide(labels) * (1 - smoothing) + smoothing / labels.shape[axis]


def losses(
    logits: np.ndarray, labels: np.ndarray, label_smoothing: float = 0.0, axis: int = -1
) -> np.ndarray:
    """The loss of every example, 0 * inf taken as 0."""
    difference = wide(logits) - wide(logits).max(axis, keepdims=True)
    log_sum = np.log1p(_rest(difference, axis))
    y = smoothed(labels, label_smoothing, axis)
    with np.errstate(invalid="ignore"):
        return np.where(y == 0, 0, y * (log_sum - difference)).sum(axis)


def p_minus_y(
    logits: np.ndarray, labels: np.ndarray, label_smoothing: float = 0.0, axis: int = -1
) -> np.ndarray:
    """softmax - smoothed labels, without cancellation where the softmax is near 1."""
    difference = wide(logits) - wide(logits).max(axis, keepdims=True)
    rest = _rest(difference, axis)
    y = smoothed(labels, label_smoothing, axis)
    of_largest = (1 - y) - rest / (1 + rest)
    of_others = np.exp(difference) / (1 + rest) - y
    return np.where(difference == 0, of_largest, of_others)


def _rest(difference: np.ndarray, axis: int) -> np.ndarray:
    """The sum of exp(difference) over the classes, less that of one largest."""
    largest = difference == 0
    others = np.where(largest, 0, np.exp(difference)).sum(axis, keepdims=True)
    return others + (largest.sum(axis, keepdims=True) - 1)


def denominator(weights: np.ndarray, reduction: Reduction) -> np.longdouble:
    """What the sum of the weighted losses is divided by; `weights` have the losses' shape."""
    if reduction is Reduction.SUM_OVER_BATCH_SIZE:
        return np.longdouble(weights.size)
    if reduction is Reduction.MEAN:
        return weights.sum()
    if reduction is Reduction.SUM_BY_NONZERO_WEIGHTS:
        return np.longdouble(np.count_nonzero(weights))
    return np.longdouble(1)


def value_and_gradient(
    logits: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray | None = None,
    label_smoothing: float = 0.0,
    axis: int = -1,
    reduction: Reduction = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> tuple[np.ndarray, np.ndarray]:
    """The loss, and its derivative (the sum's, for `NONE`) with respect to the logits."""
    each = losses(logits, labels, label_smoothing, axis)
    w = np.broadcast_to(wide(np.float64(1) if weights is None else weights), each.shape)
    divisor = denominator(w, reduction)
    share = np.longdouble(0) if divisor == 0 else 1 / divisor
    value = each * w if reduction is Reduction.NONE else (each * w).sum() * share
    slopes = np.expand_dims(w * share, axis)
    return value, slopes * p_minus_y(logits, labels, label_smoothing, axis)


def ulps(result: np.ndarray, exact: np.ndarray, dtype: type = np.float32) -> float:
    """How many units in the last place the results are off, at worst."""
    unit = np.spacing(np.abs(np.asarray(exact).astype(dtype))).astype(np.longdouble)
    return float(np.max(np.abs(wide(result) - exact) / unit))


def one_hot(rng: np.random.Generator, shape: tuple[int, ...], axis: int = -1) -> np.ndarray:
    """Random one-hot labels, classes along `axis`."""
    classes = shape[axis]
    rest = list(shape)
    del rest[axis]
    return np.moveaxis(hot_at(rng.integers(0, classes, rest), classes), -1, axis)


def hot_at(ids: np.ndarray, classes: int) -> np.ndarray:
    """One-hot labels, classes last, without an identity matrix of that many classes."""
    return (ids[..., None] == np.arange(classes)).astype(np.float64)


def assert_as_tensorflow(results: Any, theirs: Any, dtype: str) -> None:
    """Values and gradients of losses: what TensorFlow gives, as far as it is exact."""
    # TF1 rounds to float32 while it weights float64 losses.
    relative = max(TENSORFLOW_TOLERANCE[dtype], 1e-6)
    assert len(results) == len(theirs)
    for result, wanted in zip(results, theirs):
        assert result.dtype == wanted.dtype
        scale = max(1.0, float(np.max(np.abs(wide(wanted)), initial=0)))
        assert_close(result, wanted, relative, relative * scale)


def assert_close(result: Any, exact: Any, rtol: float, atol: float | None = None) -> None:
    """Also of bfloat16, which numpy's own functions do not know."""
    found = array(result).astype(np.float64)
    expected = array(exact).astype(np.float64)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol if atol is None else atol)
