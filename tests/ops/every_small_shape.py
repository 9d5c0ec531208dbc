"""Every small shape: the native kernels and TensorFlow's ops have the same values and gradients.

The C++ test compares the kernels with exact numbers for these shapes. This file takes minutes, so
pytest doesn't collect it: `pytest tests/ops/every_small_shape.py`.
"""

from __future__ import annotations

import itertools
from typing import Any, Callable

import numpy as np
import pytest
import tensorflow as tf

import keras_xent
from keras_xent import Reduction
from keras_xent.comparing import exactness
from keras_xent.ops import library

pytestmark = pytest.mark.skipif(library.problem() is not None, reason=str(library.problem()))

SHAPES = list(itertools.product(range(5), range(71), range(6)))
REDUCTIONS = list(Reduction)
# Which dimensions of the losses the weights have.
WEIGHTS = [(True, True), (True, False), (False, True), (False, False)]


def softmax(labels: Any, **arguments: Any) -> tf.Tensor:
    return keras_xent.softmax_cross_entropy(
        labels=labels, axis=1, label_smoothing=0.1, **arguments
    )


def sparse(labels: Any, **arguments: Any) -> tf.Tensor:
    return keras_xent.sparse_softmax_cross_entropy(labels=labels, axis=1, **arguments)


def sigmoid(labels: Any, weights: Any, **arguments: Any) -> tf.Tensor:
    return keras_xent.sigmoid_cross_entropy(labels=labels, weights=weights[:, None], **arguments)


def traced(loss: Callable[..., Any], dtype: str, reduction: Reduction, backend: str) -> Any:
    """A function of any shape, which returns the loss and its gradient."""
    is_sparse = loss is sparse
    weights_dtype = tf.float64 if dtype == "float64" else tf.float32

    def both(labels: Any, logits: Any, weights: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss(labels=labels, logits=logits, weights=weights, reduction=reduction)
        return value, tape.gradient(value, logits)

    keras_xent.set_backend(backend)
    return tf.function(both, autograph=False).get_concrete_function(
        tf.TensorSpec([None] * (2 if is_sparse else 3), tf.int32 if is_sparse else dtype),
        tf.TensorSpec([None] * 3, dtype),
        tf.TensorSpec([None] * 2, weights_dtype),
    )


@pytest.mark.parametrize("dtype", exactness.DTYPES)
@pytest.mark.parametrize("loss", [softmax, sparse, sigmoid])
def test_native_equals_portable(loss: Callable[..., Any], dtype: str) -> None:
    random = np.random.default_rng(0)
    functions = {
        reduction: [traced(loss, dtype, reduction, each) for each in ("native", "portable")]
        for reduction in REDUCTIONS
    }
    error = exactness.OF_RESULTS.error(dtype)
    compared, wrong = 0, []
    for number, (outer, classes, inner) in enumerate(SHAPES):
        if loss is sparse and classes == 0:
            continue  # there is no class to choose
        reduction = REDUCTIONS[number % len(REDUCTIONS)]
        weights_shape = [
            size if has else 1
            for size, has in zip((outer, inner), WEIGHTS[number // len(REDUCTIONS) % len(WEIGHTS)])
        ]
        weights_dtype = functions[reduction][0].inputs[2].dtype
        weights = tf.constant(random.integers(0, 3, weights_shape), weights_dtype)
        logits = tf.cast(4 * random.normal(size=(outer, classes, inner)), dtype)
        labels = random.integers(0, max(classes, 1), (outer, inner))
        if loss is not sparse:
            labels = np.moveaxis(np.eye(max(classes, 1))[labels], -1, 1)[:, :classes]
        labels = tf.cast(labels, tf.int32 if loss is sparse else dtype)
        native, portable = (each(labels, logits, weights) for each in functions[reduction])
        for one, other in zip(native, portable):
            assert one.dtype == other.dtype and one.shape == other.shape
            one, other = (tf.cast(each, tf.float64).numpy() for each in (one, other))
            compared += 1
            largest = np.abs(other).max(initial=0)
            if not np.abs(one - other).max(initial=0) <= error * largest:
                wrong.append((outer, classes, inner, reduction.value, weights_shape, one, other))
    assert not wrong, f"{len(wrong)} of {compared}, such as {wrong[0]}"
    assert compared == 2 * len(SHAPES) - (2 * 5 * 6 if loss is sparse else 0)
