"""Sparse softmax cross entropy: the dense one with one-hot labels, and what is its own."""

from __future__ import annotations

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
from keras_xent.ops import softmax_cross_entropy, sparse_softmax_cross_entropy
from keras_xent.reduction import V1_NAMES

# Eagerly "auto" is "native" where that serves.
BACKENDS = ("auto", "portable")


class Case(NamedTuple):
    dtype: str
    ids_dtype: str
    shape: tuple[int, ...]
    axis: int
    label_smoothing: float
    reduction: Reduction
    weights_shape: tuple[int, ...]
    seed: int

    def arrays(self) -> list[np.ndarray]:
        """Logits, ids and weights; 0 is a frequent weight."""
        rng = np.random.default_rng(self.seed)
        logits = rng.normal(size=self.shape) * 2
        ids = rng.integers(0, self.shape[self.axis], np.delete(self.shape, self.axis))
        weights = rng.choice([0.0, 0.5, 1.0, 2.5], self.weights_shape)
        real = "float64" if self.dtype == "float64" else "float32"
        return [
            logits.astype(reference.numpy_dtype(self.dtype)),
            np.asarray(ids, self.ids_dtype),
            np.asarray(weights, real),
        ]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    losses_shape = tuple(np.delete(shape, axis).tolist())
    ones = draw(st.lists(st.booleans(), min_size=len(losses_shape), max_size=len(losses_shape)))
    broadcast = tuple(1 if one else dim for one, dim in zip(ones, losses_shape))
    return Case(
        dtype=draw(st.sampled_from(reference.DTYPES)),
        ids_dtype=draw(st.sampled_from(["int32", "int64"])),
        shape=shape,
        axis=axis,
        label_smoothing=draw(st.sampled_from([0.0, 0.1, 1.0])),
        reduction=draw(st.sampled_from(list(Reduction))),
        weights_shape=draw(st.sampled_from([(), broadcast])),
        seed=draw(st.integers(0, 2**20)),
    )


def ours(case: Case, logits: tf.Tensor, ids: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    return sparse_softmax_cross_entropy(
        logits,
        ids,
        weights,
        label_smoothing=case.label_smoothing,
        axis=case.axis,
        reduction=case.reduction,
    )


def theirs(case: Case, logits: tf.Tensor, ids: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """tf.nn's losses of smoothed one-hot labels, then TF1's weighting and reduction."""
    axis = case.axis % len(case.shape)
    labels = tf.one_hot(ids, case.shape[axis], axis=axis, dtype=logits.dtype)
    smoothing = tf.cast(case.label_smoothing, logits.dtype)
    smoothed = labels * (1 - smoothing) + smoothing / tf.cast(case.shape[axis], logits.dtype)
    losses = tf.nn.softmax_cross_entropy_with_logits(smoothed, logits, axis=axis)
    return tf.compat.v1.losses.compute_weighted_loss(
        losses, weights, loss_collection=None, reduction=V1_NAMES[case.reduction]
    )


def value_and_gradients(function: Any, case: Case, arrays: list[np.ndarray]) -> list[tf.Tensor]:
    logits, ids, weights = (tf.constant(array) for array in arrays)
    with tf.GradientTape() as tape:
        tape.watch([logits, weights])
        value = function(case, logits, ids, weights)
    return [value, *tape.gradient(value, [logits, weights])]


@hypothesis.settings(max_examples=40)
@hypothesis.given(case=cases())
def test_value_and_gradients_are_those_of_one_hot_labels(case: Case) -> None:
    arrays = case.arrays()
    expected = value_and_gradients(theirs, case, arrays)
    for backend in BACKENDS:
        keras_xent.set_backend(backend)
        found = value_and_gradients(ours, case, arrays)
        reference.assert_as_tensorflow(found, expected, case.dtype)


RNG = np.random.default_rng(3)
LOGITS = (RNG.normal(size=(3, 7, 2)) * 3).astype("f")
IDS = RNG.integers(0, 7, (3, 2))
WEIGHTS = np.array([[0, 1], [2, 0.5], [0, 3]], "f")


def derivatives(op: Callable[..., tf.Tensor], smoothing: float) -> Callable[..., Any]:
    """The value, its gradients, and those of a sum of their squares."""

    def run(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> list[tf.Tensor]:
        inputs = [logits, weights]
        with tf.GradientTape(persistent=True) as outer:
            outer.watch(inputs)
            with tf.GradientTape() as inner:
                inner.watch(inputs)
                value = op(
                    logits, labels, weights, label_smoothing=smoothing, axis=1, reduction="sum"
                )
            first = inner.gradient(value, inputs)
            # A gradient's sum over the classes is 0: without these factors its mean hides errors.
            factors = tf.stop_gradient(tf.cos(logits))
            squares = tf.reduce_sum(factors * first[0] ** 2) + tf.reduce_sum(first[1] ** 2)
        return [value, *first, *outer.gradient(squares, inputs)]

    return run


# A graph of "auto" has what one of "native" has.
both_backends = pytest.mark.parametrize("backend", BACKENDS, indirect=True)


@pytest.mark.parametrize(
    ("mode", "smoothing", "backend"),
    [
        *(("eager", smoothing, backend) for smoothing in (0.0, 0.2) for backend in BACKENDS),
        ("traced", 0.0, "portable"),
        ("traced_unknown_shapes", 0.2, "auto"),
        ("compiled", 0.2, "auto"),
    ],
    indirect=["backend"],
)
def test_second_derivatives_are_the_dense_ops_in_every_mode(
    mode: str, smoothing: float, backend: str
) -> None:
    labels = np.moveaxis(np.eye(7, dtype="f")[IDS], -1, 1)
    dense = derivatives(softmax_cross_entropy, smoothing)
    wanted = modes.eager(dense, LOGITS, labels, WEIGHTS)
    sparse = derivatives(sparse_softmax_cross_entropy, smoothing)
    for one, expected in zip(modes.MODES[mode](sparse, LOGITS, IDS, WEIGHTS), wanted):
        reference.assert_close(one, expected, 5e-6)


# tests/v1/test_modes.py has sessions of "auto".
@pytest.mark.parametrize("backend", ["portable"], indirect=True)
def test_in_a_session_with_gradients(backend: str) -> None:
    def run(logits: tf.Tensor, ids: tf.Tensor, weights: tf.Tensor) -> list[tf.Tensor]:
        value = sparse_softmax_cross_entropy(logits, ids, weights, axis=1)
        return [value, *tf.gradients(value, [logits, weights])]

    labels = np.moveaxis(np.eye(7)[IDS], -1, 1)
    value, gradient = reference.value_and_gradient(LOGITS, labels, WEIGHTS, 0.0, 1)
    found = modes.tf1_graph(run, LOGITS, IDS, WEIGHTS)
    reference.assert_close(found[0], value, 1e-6)
    reference.assert_close(found[1], gradient, 1e-6)


def test_ids_have_no_gradient(eager_backend: str) -> None:
    ids = tf.constant(IDS)
    with tf.GradientTape() as tape:
        tape.watch(ids)
        value = sparse_softmax_cross_entropy(LOGITS, ids, axis=1)
    assert tape.gradient(value, ids) is None


@both_backends
@pytest.mark.parametrize(
    ("mode", "smoothing"),
    [("eager", 0.0), ("eager", 0.1), ("traced_unknown_shapes", 0.0), ("tf1_graph", 0.1)],
)
def test_an_id_that_is_no_class_is_an_error_whatever_its_weight(
    mode: str, smoothing: float, backend: str
) -> None:
    def run(logits: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
        return sparse_softmax_cross_entropy(
            logits, ids, [1.0, 0.0], label_smoothing=smoothing, reduction="sum"
        )

    in_mode = modes.once(mode, run)
    for bad in (-1, 4, 2**31 - 1):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"\[0, 4\)") as error:
            in_mode(np.zeros([2, 4], "f"), np.array([1, bad], "int32"))
        assert str(bad) in str(error.value)


@pytest.mark.parametrize(
    ("mode", "smoothing"),
    [("compiled", 0.1), ("compiled_unknown_shapes", 0.0)],
)
def test_under_xla_such_an_example_alone_is_nan_as_in_tensorflow(
    mode: str, smoothing: float
) -> None:
    logits, ids = np.ones([3, 4], "f"), np.array([1, 4, -1], "int32")

    def run(logits: tf.Tensor, ids: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(logits)
            losses = sparse_softmax_cross_entropy(
                logits, ids, label_smoothing=smoothing, reduction="none"
            )
            theirs = tf.nn.sparse_softmax_cross_entropy_with_logits(ids, logits)
        return [losses, tape.gradient(losses, logits), theirs, tape.gradient(theirs, logits)]

    losses, gradient, their_losses, their_gradient = modes.MODES[mode](run, logits, ids)
    np.testing.assert_array_equal(np.isnan(losses), [False, True, True])
    np.testing.assert_array_equal(np.isnan(gradient), np.isnan(their_gradient))
    if not smoothing:
        reference.assert_close(losses, their_losses, 1e-6)
        reference.assert_close(gradient, their_gradient, 1e-6)


def test_so_are_its_second_derivatives() -> None:
    logits, ids = np.array([[0, 1, 2], [2, 0, 1]], "f"), np.array([1, 3], "int32")

    def run(logits: tf.Tensor, ids: tf.Tensor) -> list[tf.Tensor]:
        weights, found = tf.constant([1.0, 2.0]), []
        for loss in (
            lambda: sparse_softmax_cross_entropy(logits, ids, weights, reduction="sum"),
            lambda: tf.reduce_sum(
                weights * tf.nn.sparse_softmax_cross_entropy_with_logits(ids, logits)
            ),
        ):
            with tf.GradientTape() as outer:
                outer.watch([logits, weights])
                with tf.GradientTape() as inner:
                    inner.watch(logits)
                    value = loss()
                product = tf.reduce_sum(inner.gradient(value, logits) * [1.0, 2.0, 4.0])
            found += outer.gradient(product, [logits, weights])
        return found

    to_logits, to_weights, their_to_logits, their_to_weights = modes.compiled(run, logits, ids)
    assert np.isnan(their_to_logits[1]).all() and np.isnan(their_to_weights[1])
    np.testing.assert_allclose(to_logits, their_to_logits, rtol=1e-5)
    np.testing.assert_allclose(to_weights, their_to_weights, rtol=1e-5)


def test_so_is_one_in_a_function_that_was_traced_without_xla() -> None:
    signature = [tf.TensorSpec([2, 4]), tf.TensorSpec([2], tf.int64)]

    @tf.function(input_signature=signature, autograph=False)
    def losses(logits: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
        return sparse_softmax_cross_entropy(logits, ids, label_smoothing=0.1, reduction="none")

    losses.get_concrete_function()
    found = modes.compiled(lambda ids: losses(tf.zeros([2, 4]), ids), np.array([4, 0]))
    np.testing.assert_array_equal(np.isnan(found), [True, False])


@both_backends
@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_an_infinite_logit(mode: str, backend: str) -> None:
    logits = np.array([[0, -np.inf, 1], [0, -np.inf, 1]], "f")
    losses = modes.MODES[mode](
        lambda x, ids: sparse_softmax_cross_entropy(x, ids, reduction="none"),
        logits,
        np.array([0, 1]),
    )
    np.testing.assert_allclose(losses, [np.log1p(np.e), np.inf], rtol=1e-6)


@pytest.mark.parametrize("shape", [(0, 3), (2, 0, 3)])
def test_without_examples_the_value_is_zero(shape: tuple[int, ...], eager_backend: str) -> None:
    logits = tf.zeros(shape)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = sparse_softmax_cross_entropy(logits, tf.zeros(shape[:-1], tf.int64))
    assert float(value) == 0
    assert tape.gradient(value, logits).shape == shape


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.zeros([2, 1], "int64"), r"labels have shape \(2, 1\).*logits have shape \(2, 3\)"),
        (np.zeros([2, 3], "int64"), "without the class axis"),
        (np.zeros([3], "int64"), "without the class axis"),
    ],
)
def test_labels_of_a_wrong_shape_raise_an_error(labels: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sparse_softmax_cross_entropy(np.zeros([2, 3], "f"), labels)


@both_backends
@pytest.mark.parametrize("mode", ["traced_unknown_shapes", "tf1_graph"])
def test_labels_of_a_wrong_shape_fail_when_the_graph_runs(mode: str, backend: str) -> None:
    run = modes.once(mode, sparse_softmax_cross_entropy)
    for shape in ([2, 1], [1, 2], [2, 3], [3]):
        with pytest.raises(tf.errors.InvalidArgumentError):
            pytest.fail(f"{shape}: {run(np.zeros([2, 3], 'f'), np.zeros(shape, 'int64'))}")


def test_a_wrong_shape_fails_when_xla_compiles() -> None:
    # ValueError while TensorFlow traces again, with the shapes that it knows then.
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        modes.compiled_unknown_shapes(
            sparse_softmax_cross_entropy, np.zeros([2, 3], "f"), np.zeros([3], "int64")
        )


@pytest.mark.parametrize("dtype", ["float32", "uint8", "bool", "int16"])
def test_other_labels_than_ids_raise_an_error(dtype: str) -> None:
    with pytest.raises(TypeError, match=f"labels have dtype {dtype}.*int32 or int64"):
        sparse_softmax_cross_entropy([[1.0, 2.0]], tf.zeros([1], dtype))


def test_in_a_mapped_function_and_for_jacobians(backend: str) -> None:
    logits = tf.constant(LOGITS[..., 0])
    ids = tf.constant(IDS[:, 0])

    def each(example: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        x, k = example
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = sparse_softmax_cross_entropy(x, k, 2.0, label_smoothing=0.1)
        return tape.gradient(value, x)

    mapped = tf.vectorized_map(each, (logits, ids), fallback_to_while_loop=False)
    labels = np.eye(7)[IDS[:, 0]]
    reference.assert_close(mapped, 2 * reference.p_minus_y(logits.numpy(), labels, 0.1), 1e-6)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        losses = sparse_softmax_cross_entropy(logits, ids, reduction="none")[:, None]
    found = tape.batch_jacobian(losses, logits)
    reference.assert_close(found[:, 0], reference.p_minus_y(logits.numpy(), labels), 1e-6)
