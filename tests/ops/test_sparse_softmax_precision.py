"""How exact losses of class ids are: the native ones to 2 units in the last place."""

from __future__ import annotations

import numpy as np
import pytest
import reference
import tensorflow as tf

import keras_xent
from keras_xent.ops import softmax_cross_entropy, sparse_softmax_cross_entropy

needs_native = pytest.mark.skipif(
    keras_xent.backend().name != "native", reason=keras_xent.backend().reason
)
SHAPES = [(64, 3), (64, 10), (33, 64), (33, 65), (17, 1000), (5, 2100), (3, 32000)]
every_shape = pytest.mark.parametrize("shape", SHAPES)


def problem(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(shape)
    logits = (rng.normal(size=shape) * 3).astype("f")
    ids = rng.integers(0, shape[1], shape[0])
    # Some are sure of their class: small losses, and the gradient of a dominant class.
    logits[::3, :][np.arange(len(ids[::3])), ids[::3]] += 25
    return logits, ids, reference.hot_at(ids, shape[1]).astype("f")


@needs_native
@every_shape
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_native_losses_and_gradients(shape: tuple[int, int], smoothing: float) -> None:
    logits, ids, labels = problem(shape)
    x = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(x)
        losses = sparse_softmax_cross_entropy(
            x, ids, label_smoothing=smoothing, reduction="none"
        )
    exact = reference.losses(logits, labels, smoothing)
    assert reference.ulps(losses.numpy(), exact) <= 2
    wanted = reference.p_minus_y(logits, labels, smoothing)
    np.testing.assert_allclose(
        tape.gradient(losses, x), wanted.astype("f"), rtol=3e-6 if not smoothing else 3e-5,
        atol=1e-9 if not smoothing else 1e-7,
    )


@needs_native
@every_shape
@pytest.mark.parametrize("axis", [0, 1])
def test_native_losses_are_those_of_one_hot_labels(shape: tuple[int, int], axis: int) -> None:
    logits, ids, labels = problem(shape)
    if axis == 0:
        logits, labels = logits.T.copy(), labels.T.copy()
    sparse = sparse_softmax_cross_entropy(logits, ids, axis=axis, reduction="none")
    dense = softmax_cross_entropy(logits, labels, axis=axis, reduction="none")
    np.testing.assert_array_max_ulp(sparse.numpy(), dense.numpy(), 2)


@every_shape
def test_portable_losses_are_as_exact_as_tensorflows(shape: tuple[int, int]) -> None:
    keras_xent.set_backend("portable")
    logits, ids, labels = problem(shape)
    exact = reference.losses(logits, labels)
    ours = sparse_softmax_cross_entropy(logits, ids, reduction="none")
    theirs = tf.nn.sparse_softmax_cross_entropy_with_logits(ids, logits)
    off = reference.ulps(theirs.numpy(), exact)
    assert reference.ulps(ours.numpy(), exact) <= max(2, off)
