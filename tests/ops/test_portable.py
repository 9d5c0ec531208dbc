"""The portable steps against the exact reference, and their checks of unknown shapes."""

from __future__ import annotations

from typing import Any

import modes
import numpy as np
import pytest
import reference
import tensorflow as tf

from keras_xent import Reduction
from keras_xent.ops import softmax
from keras_xent.ops.portable import Portable
from keras_xent.ops.spec import Spec

portable = Portable(softmax.OP)


def problem(dtype: str, axis: int = -1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    shape = (4, 3, 6)
    logits = (rng.normal(size=shape) * 3).astype(reference.numpy_dtype(dtype))
    labels = reference.one_hot(rng, shape, axis).astype(reference.numpy_dtype(dtype))
    losses_shape = np.delete(shape, axis)
    real = "float64" if dtype == "float64" else "float32"
    weights = rng.choice([0.0, 0.5, 1.0, 3.0], losses_shape).astype(real)
    return logits, labels, weights


@pytest.mark.parametrize("reduction", list(Reduction))
@pytest.mark.parametrize("dtype", reference.DTYPES)
def test_loss_and_gradient_are_exact_to_rounding(dtype: str, reduction: Reduction) -> None:
    logits, labels, weights = problem(dtype)
    spec = Spec(-1, 0.1, reduction)
    tensors = [tf.constant(array) for array in (logits, labels, weights)]
    value, kept = portable.loss_with_kept(spec, *tensors)
    assert value.dtype == tf.as_dtype(dtype)
    exact = reference.value_and_gradient(logits, labels, weights, 0.1, -1, reduction)
    tolerance = reference.tolerance(dtype)
    reference.assert_close(value, exact[0], tolerance)
    if dtype == "float16":
        assert kept.dtype == tf.float32
        reference.assert_close(kept, reference.p_minus_y(logits, labels, 0.1), 1e-6)
    else:
        assert kept.dtype == tf.as_dtype(dtype)
        reference.assert_close(kept, exact[1], tolerance)


@pytest.mark.parametrize(
    ("mode", "axis"),
    [
        *(("eager", axis) for axis in (-1, 0, 1)),
        ("traced_unknown_shapes", 1),
        ("compiled", 0),
    ],
)
def test_every_step_agrees_with_the_reference_in_every_mode(mode: str, axis: int) -> None:
    logits, labels, weights = problem("float32", axis)
    spec = Spec(axis, 0.2, Reduction.MEAN)

    def steps(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> Any:
        value, backprop = portable.loss_with_kept(spec, logits, labels, weights)
        return (
            portable.loss(spec, logits, labels, weights),
            value,
            backprop,
            portable.weighted_backprop(spec, logits, labels, weights),
            portable.scale_backprop(spec, backprop, tf.constant(-2.0)),
            portable.scale_backprop(spec, logits, weights),
        )

    found = modes.MODES[mode](steps, logits, labels, weights)
    value, gradient = reference.value_and_gradient(
        logits, labels, weights, 0.2, axis, Reduction.MEAN
    )
    beside_classes = np.expand_dims(weights, axis)
    unscaled = beside_classes * reference.p_minus_y(logits, labels, 0.2, axis)
    wanted = [value, value, gradient, unscaled, -2 * gradient, logits * beside_classes]
    for one, expected in zip(found, wanted):
        reference.assert_close(one, expected, 1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("reduction", list(Reduction))
def test_without_classes_the_losses_are_zero(smoothing: float, reduction: Reduction) -> None:
    spec = Spec(-1, smoothing, reduction)
    nothing = tf.zeros([3, 0])
    value, backprop = portable.loss_with_kept(spec, nothing, nothing, tf.constant(1.0))
    np.testing.assert_array_equal(value, np.zeros(3 if reduction is Reduction.NONE else ()))
    assert backprop.shape == [3, 0]


def step_named(name: str) -> Any:
    def step(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> Any:
        return getattr(portable, name)(Spec(-1, 0.0, Reduction.SUM), logits, labels, weights)

    return step


STEPS = pytest.mark.parametrize("name", ["loss", "loss_with_kept", "weighted_backprop"])


@STEPS
def test_wrong_shapes_fail_when_the_graph_runs(name: str) -> None:
    run = modes.once("traced_unknown_shapes", step_named(name))
    for labels in [(2, 1), (1, 4), (4,), (2, 4, 1), ()]:
        with pytest.raises(tf.errors.InvalidArgumentError):
            found = run(np.zeros([2, 4], "f"), np.zeros(labels, "f"), np.float32(1))
            pytest.fail(f"labels of shape {labels}: {found}")
    same = np.zeros([2, 2, 4], "f")
    for weights in [(2,), (3,), (2, 1, 1), (2, 3)]:
        with pytest.raises(tf.errors.InvalidArgumentError, match="weights cannot be broadcast"):
            pytest.fail(f"weights of shape {weights}: {run(same, same, np.ones(weights, 'f'))}")
