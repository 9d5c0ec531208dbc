"""Infinities, NaN, huge numbers, empty tensors, odd labels and weights."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Sequence

import modes
import numpy as np
import pytest
import reference
import tensorflow as tf

import keras_xent
from keras_xent import Reduction
from keras_xent.ops import softmax_cross_entropy
from keras_xent.reduction import V1_NAMES

INF, NAN = np.inf, np.nan

# The backends that differ: "auto" is "native" where that serves.
needs_native = pytest.mark.skipif(
    keras_xent.backend().name != "native", reason=keras_xent.backend().reason
)
BACKENDS = ("auto", "portable")
both_backends = pytest.mark.parametrize("backend", BACKENDS, indirect=True)
many_and_few_classes = pytest.mark.parametrize("padding", [0, 5, 96])
# Up to 64 classes the kernel weights the losses in one loop, and more in another.
both_loops = pytest.mark.parametrize("padding", [0, 96])
float_dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])


class Result(NamedTuple):
    losses: np.ndarray
    gradient: np.ndarray


def ours(
    logits: Sequence[Sequence[float]],
    labels: Sequence[Sequence[float]],
    dtype: str = "float32",
    axis: int = -1,
    label_smoothing: float = 0.0,
) -> Result:
    x = tf.constant(logits, dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        losses = softmax_cross_entropy(
            x,
            tf.constant(labels, dtype),
            axis=axis,
            label_smoothing=label_smoothing,
            reduction=Reduction.NONE,
        )
    return Result(losses.numpy(), tape.gradient(losses, x).numpy())


def theirs(logits: Sequence[Sequence[float]], labels: Sequence[Sequence[float]]) -> Result:
    x = tf.constant(logits, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        losses = tf.nn.softmax_cross_entropy_with_logits(tf.constant(labels, tf.float32), x)
    return Result(losses.numpy(), tape.gradient(losses, x).numpy())


def padded(rows: list[list[float]], count: int, value: float) -> list[list[float]]:
    """More classes, so that other loops of the kernel run."""
    return [[*row, *[value] * count] for row in rows]


@needs_native
@many_and_few_classes
@float_dtypes
def test_a_logit_of_minus_infinity_whose_label_is_0_adds_nothing(
    padding: int, dtype: str
) -> None:
    logits = padded([[-INF, 1.0, 2.0]], padding, -INF)
    labels = padded([[0.0, 1.0, 0.0]], padding, 0.0)
    assert np.isnan(theirs(logits, labels).losses)
    found = ours(logits, labels, dtype)
    exact = ours([[1.0, 2.0]], [[1.0, 0.0]], dtype)
    np.testing.assert_allclose(found.losses, exact.losses, rtol=1e-6)
    np.testing.assert_allclose(found.gradient[:, 1:3], exact.gradient, rtol=1e-6)
    np.testing.assert_array_equal(found.gradient[:, 3:], np.zeros([1, padding]))
    assert found.gradient[0, 0] == 0


@pytest.mark.parametrize("backend", ["portable"], indirect=True)
@many_and_few_classes
@float_dtypes
def test_the_portable_backend_makes_of_it_what_tensorflow_does(
    backend: str, padding: int, dtype: str
) -> None:
    """NaN in its fused op, for whose avoidance it would take a pass over the logits."""
    logits = padded([[-INF, 1.0, 2.0]], padding, -INF)
    labels = padded([[0.0, 1.0, 0.0]], padding, 0.0)
    found, expected = ours(logits, labels, dtype), theirs(logits, labels)
    assert np.isnan(expected.losses)
    np.testing.assert_array_equal(found.losses, expected.losses)
    np.testing.assert_allclose(found.gradient, expected.gradient, rtol=1e-6)


@float_dtypes
def test_under_xla_nothing_is_added(dtype: str) -> None:
    def both(*tensors: tf.Tensor) -> list[tf.Tensor]:
        return [
            losses
            for logits, labels in zip(tensors[::2], tensors[1::2])
            for losses in (
                softmax_cross_entropy(logits, labels, reduction=Reduction.NONE),
                tf.nn.softmax_cross_entropy_with_logits(labels, logits),
            )
        ]

    arrays = []
    for padding in (0, 96):
        arrays.append(padded([[-INF, 1.0, 2.0]], padding, -INF))
        arrays.append(padded([[0.0, 1.0, 0.0]], padding, 0.0))
    for losses in modes.compiled(both, *(np.array(rows, dtype) for rows in arrays)):
        np.testing.assert_allclose(losses, [np.log1p(np.e)], rtol=1e-6)


@needs_native
def test_along_another_axis_too() -> None:
    logits = np.transpose([[-INF, 1.0, 2.0], [0.5, -INF, -INF]])
    labels = np.transpose([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    found = ours(logits, labels, axis=0)
    np.testing.assert_allclose(found.losses, [np.log1p(np.e), 0.0], rtol=1e-6)
    assert np.isfinite(found.gradient).all()


@both_backends
@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_a_logit_of_minus_infinity_whose_label_is_not_0_costs_infinity(
    backend: str, label_smoothing: float
) -> None:
    labels = [[1.0, 0.0]] if label_smoothing == 0 else [[0.0, 1.0]]
    found = ours([[-INF, 1.0]], labels, label_smoothing=label_smoothing)
    assert found.losses[0] == INF


@both_backends
@many_and_few_classes
@pytest.mark.parametrize(
    "row",
    [
        [INF, 1.0, 2.0],
        [INF, INF, 0.0],
        [INF, -INF, 0.0],
        [NAN, 1.0, 2.0],
        [1.0, 2.0, NAN],
        [NAN, NAN, NAN],
        [NAN, INF, -INF],
    ],
)
def test_a_row_without_a_softmax_is_nan_and_no_other_row(
    backend: str, row: list[float], padding: int
) -> None:
    logits = padded([row, [1.0, 2.0, 3.0]], padding, 0.5)
    labels = padded([[0.0, 1.0, 0.0]] * 2, padding, 0.0)
    found, expected = ours(logits, labels), theirs(logits, labels)
    assert np.isnan(expected.losses[0])
    assert np.isnan(found.losses[0])
    assert np.isnan(found.gradient[0]).all()
    np.testing.assert_allclose(found.losses[1], expected.losses[1], rtol=1e-6)
    np.testing.assert_allclose(found.gradient[1], expected.gradient[1], rtol=1e-5, atol=1e-7)


@both_backends
@many_and_few_classes
def test_a_row_of_minus_infinities_is_nan(backend: str, padding: int) -> None:
    found = ours(padded([[-INF] * 3], padding, -INF), padded([[0.0, 1.0, 0.0]], padding, 0.0))
    assert np.isnan(found.losses).all()
    assert np.isnan(found.gradient).all()


@both_backends
@pytest.mark.parametrize("huge", [1e4, 1e30, 1.6e38])
def test_huge_logits_are_tensorflows(backend: str, huge: float) -> None:
    logits = [[huge, -huge, 0.0], [-huge, huge, huge], [huge, huge, huge]]
    labels = [[0.0, 1.0, 0.0], [0.0, 0.25, 0.75], [1.0, 0.0, 0.0]]
    found, expected = ours(logits, labels), theirs(logits, labels)
    np.testing.assert_allclose(found.losses, expected.losses, rtol=1e-6)
    np.testing.assert_allclose(found.gradient, expected.gradient, rtol=1e-6)


@needs_native
@float_dtypes
def test_a_difference_that_overflows(dtype: str) -> None:
    huge = 3e38 if dtype == "float32" else 1.7e308
    found = ours([[huge, -huge], [huge, -huge]], [[1.0, 0.0], [0.0, 1.0]], dtype)
    np.testing.assert_array_equal(found.losses, [0.0, INF])
    np.testing.assert_array_equal(found.gradient, [[0.0, 0.0], [1.0, -1.0]])


@both_backends
@many_and_few_classes
def test_labels_need_not_sum_to_one(backend: str, padding: int) -> None:
    logits = padded([[0.5, 1.0, -2.0]] * 4, padding, 0.1)
    labels = [[0.0, 0.0, 0.0], [2.0, 1.0, 0.5], [0.1, 0.0, 0.0], [-1.0, 0.5, 0.0]]
    labels = padded(labels, padding, 0.0)
    found, expected = ours(logits, labels), theirs(logits, labels)
    np.testing.assert_allclose(found.losses, expected.losses, rtol=1e-5, atol=1e-6)
    # TensorFlow's p - y, which is no derivative of the loss here.
    np.testing.assert_allclose(found.gradient, expected.gradient, rtol=1e-5, atol=1e-6)
    assert found.losses[0] == 0


@both_loops
@pytest.mark.parametrize("reduction", list(Reduction))
@pytest.mark.parametrize(
    "weights", [0.0, [0.0, 0.0], [NAN, 1.0], [0.0, NAN], [INF, 1.0], [1.0, -1.0], [-2.0, 0.0]]
)
def test_odd_weights_do_what_they_do_in_tf1(
    padding: int, reduction: Reduction, weights: list[float]
) -> None:
    logits = tf.constant(padded([[0.5, 1.0, -2.0], [1.0, 1.0, 2.0]], padding, -1.0))
    labels = tf.constant(padded([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], padding, 0.0))
    w = tf.constant(weights)

    def results(loss: Callable[[], tf.Tensor]) -> list[np.ndarray]:
        with tf.GradientTape() as tape:
            tape.watch([logits, w])
            value = loss()
        return [value.numpy(), *(each.numpy() for each in tape.gradient(value, [logits, w]))]

    in_tf1 = tf.compat.v1.losses.softmax_cross_entropy
    expected, *slopes = results(lambda: in_tf1(labels, logits, w, reduction=V1_NAMES[reduction]))
    for backend in BACKENDS:
        keras_xent.set_backend(backend)
        found, *gradients = results(
            lambda: softmax_cross_entropy(logits, labels, w, reduction=reduction)
        )
        np.testing.assert_allclose(found, expected, rtol=1e-5)
        for one, wanted in zip(gradients, slopes):
            # inf / inf comes to NaN or to inf as the factors are ordered.
            finite = np.isfinite(wanted)
            np.testing.assert_array_equal(np.isfinite(one), finite)
            np.testing.assert_allclose(
                np.where(finite, one, 0), np.where(finite, wanted, 0), rtol=1e-5, atol=1e-6
            )


@both_backends
@pytest.mark.parametrize("mode", ["eager", "traced_unknown_shapes"])
def test_empty_tensors(backend: str, mode: str) -> None:
    reductions = [Reduction.NONE, Reduction.MEAN, Reduction.SUM_BY_NONZERO_WEIGHTS]

    def run(x: tf.Tensor) -> list[Any]:
        found = []
        for reduction in reductions:
            with tf.GradientTape() as tape:
                tape.watch(x)
                value = softmax_cross_entropy(x, x, label_smoothing=0.1, reduction=reduction)
            found.append((value, tape.gradient(value, x)))
        return found

    in_mode = modes.once(mode, run)
    for shape in [(0, 3), (0,), (2, 0, 3), (3, 0)]:
        for reduction, (value, gradient) in zip(reductions, in_mode(np.zeros(shape, "f"))):
            expected = np.zeros(shape[:-1] if reduction is Reduction.NONE else ())
            assert value.shape == expected.shape, (shape, reduction)
            np.testing.assert_array_equal(value, expected)
            assert gradient.shape == shape, (shape, reduction)


@both_backends
@pytest.mark.parametrize("label_smoothing", [0.0, 0.3])
def test_one_class_has_no_loss(backend: str, label_smoothing: float) -> None:
    found = ours([[5.0], [-1e4]], [[1.0], [1.0]], label_smoothing=label_smoothing)
    np.testing.assert_array_equal(found.losses, [0.0, 0.0])
    np.testing.assert_array_equal(found.gradient, [[0.0], [0.0]])


@both_backends
def test_smoothing_of_one_leaves_uniform_labels(backend: str) -> None:
    found = ours([[1.0, 2.0, 4.0]], [[0.0, 1.0, 0.0]], label_smoothing=1.0)
    uniform = ours([[1.0, 2.0, 4.0]], [[1 / 3, 1 / 3, 1 / 3]])
    np.testing.assert_allclose(found.losses, uniform.losses, rtol=1e-6)
    np.testing.assert_allclose(found.gradient, uniform.gradient, rtol=1e-5, atol=1e-7)


@both_backends
@pytest.mark.parametrize("largest", [None, 6e4])
def test_float16_losses_beyond_its_range_are_infinite(
    backend: str, largest: float | None
) -> None:
    logit = largest or 100.0
    found = ours([[logit, -logit]], [[0.0, 1.0]], "float16")
    if largest is None:
        np.testing.assert_array_equal(found.losses, [200.0])
    else:
        np.testing.assert_array_equal(found.losses, [INF])
    np.testing.assert_array_equal(found.gradient, [[1.0, -1.0]])
    reference.assert_close(found.gradient.sum(), 0, 0)


@both_loops
@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
@pytest.mark.parametrize("odd", [INF, -INF, NAN, 1e34, -1e34, 1e20])
@pytest.mark.parametrize("where", ["logits", "labels"])
def test_a_weight_of_zero_hides_what_it_hides_in_tf1(
    padding: int, label_smoothing: float, odd: float, where: str
) -> None:
    logits = padded([[1.0, 2.0, 0.5], [odd if where == "logits" else 0.0, 1.0, -1.0]], padding, -1)
    labels = padded([[0.0, 1.0, 0.0], [odd if where == "labels" else 0.0, 1.0, 0.0]], padding, 0)
    weights = [2.0, 0.0]
    if where == "logits" and odd == -INF and not label_smoothing:
        pytest.skip("here TF1 gives NaN, and the exact value is finite")
    x = tf.constant(logits)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        tf1 = tf.compat.v1.losses.softmax_cross_entropy(
            labels, x, weights, label_smoothing=label_smoothing
        )
        both = []
        for backend in BACKENDS:
            keras_xent.set_backend(backend)
            both.append(softmax_cross_entropy(x, labels, weights, label_smoothing=label_smoothing))
    slope = tape.gradient(tf1, x)
    for backend, mine in zip(BACKENDS, both):
        keras_xent.set_backend(backend)
        np.testing.assert_allclose(mine, tf1, rtol=1e-6)
        np.testing.assert_allclose(tape.gradient(mine, x), slope, atol=1e-6)
