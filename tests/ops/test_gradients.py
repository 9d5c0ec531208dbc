"""The derivatives against TensorFlow's own of the plain formula, in float64 throughout."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

import modes
import numpy as np
import pytest
import reference
import tensorflow as tf

from keras_xent import Reduction
from keras_xent.ops import dispatch, gradients, sparse_softmax
from keras_xent.ops import labels as labels_lib
from keras_xent.ops.backends import use_native
from keras_xent.ops.softmax import OP
from keras_xent.ops.spec import Spec
from keras_xent.reduction import V1_NAMES


class Problem(NamedTuple):
    spec: Spec
    logits: tf.Tensor
    labels: tf.Tensor
    weights: tf.Tensor

    @property
    def tensors(self) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        return self.logits, self.labels, self.weights


WEIGHTS = [(), (3, 2), (1, 2), (3, 1)]

every_reduction = pytest.mark.parametrize("reduction", list(Reduction))
every_weight = pytest.mark.parametrize("weights_shape", WEIGHTS)


def problem(
    reduction: Reduction, weights_shape: tuple[int, ...] = (), dtype: str = "float64"
) -> Problem:
    """Labels sum to one; the class axis is the middle one of (3, 4, 2)."""
    rng = np.random.default_rng(3)
    labels = rng.dirichlet(np.ones(4), (3, 2)).transpose(0, 2, 1)
    real = "float64" if dtype == "float64" else "float32"
    weights = rng.choice([0.0, 0.5, 1.0, 2.0], weights_shape) + (weights_shape == ()) * 0.5
    return Problem(
        Spec(1, 0.2, reduction),
        tf.constant(rng.normal(size=(3, 4, 2)) * 2, dtype),
        tf.constant(labels, dtype),
        tf.constant(weights, real),
    )


def divided(spec: Spec, total: tf.Tensor, weights: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """TF1's reduction, which only rounds to float32 what this needs in float64."""
    weights = tf.broadcast_to(weights, tf.shape(like))
    if spec.reduction is Reduction.SUM_OVER_BATCH_SIZE:
        return total / tf.cast(tf.size(like), total.dtype)
    if spec.reduction is Reduction.MEAN:
        return total / tf.reduce_sum(weights)
    if spec.reduction is Reduction.SUM_BY_NONZERO_WEIGHTS:
        return total / tf.cast(tf.math.count_nonzero(weights), total.dtype)
    return total


def oracle(spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """The loss in TensorFlow's ops, to be differentiated by TensorFlow."""
    smoothed = labels_lib.smoothed(spec, labels)
    losses = tf.nn.softmax_cross_entropy_with_logits(smoothed, logits, axis=spec.axis)
    weighted = losses * weights
    if spec.reduction is Reduction.NONE:
        return weighted
    return divided(spec, tf.reduce_sum(weighted), weights, losses)


def test_the_oracle_is_tf1s_loss() -> None:
    for reduction in Reduction:
        spec, logits, labels, weights = problem(reduction, (3, 2))
        theirs = tf.compat.v1.losses.softmax_cross_entropy(
            tf.transpose(labels, [0, 2, 1]),
            tf.transpose(logits, [0, 2, 1]),
            weights,
            label_smoothing=spec.label_smoothing,
            reduction=V1_NAMES[reduction],
        )
        ours = oracle(spec, logits, labels, weights)
        reference.assert_close(ours, theirs, 1e-6)


def upstream(p: Problem) -> tf.Tensor:
    value = oracle(p.spec, *p.tensors)
    rng = np.random.default_rng(4)
    return tf.constant(rng.normal(size=value.shape), value.dtype)


@every_reduction
@every_weight
def test_first_derivatives(reduction: Reduction, weights_shape: tuple[int, ...]) -> None:
    p = problem(reduction, weights_shape)
    grad = upstream(p)
    losses = oracle(p.spec.unreduced(), p.logits, p.labels, tf.constant(1.0, tf.float64))
    with tf.GradientTape() as tape:
        tape.watch(p.tensors)
        value = oracle(p.spec, *p.tensors)
    to_logits, to_labels, to_weights = tape.gradient(value, p.tensors, grad)
    found = gradients.logits_gradient(OP, p.spec, grad, *p.tensors)
    reference.assert_close(found, to_logits, 1e-13)
    found = gradients.labels_gradient(OP, p.spec, grad, p.logits, p.weights)
    reference.assert_close(found, to_labels, 1e-13)
    found = gradients.weights_gradient(p.spec, grad, p.logits, losses, p.weights)
    reference.assert_close(found, to_weights, 1e-13)


@every_reduction
def test_a_kept_backprop_is_scaled_instead_of_computed(reduction: Reduction) -> None:
    p = problem(reduction, (3, 2))
    grad = upstream(p)
    _, backprop = dispatch.steps(OP).loss_with_kept(p.spec, *p.tensors)
    kept = gradients.logits_gradient(OP, p.spec, grad, *p.tensors, backprop)
    computed = gradients.logits_gradient(OP, p.spec, grad, *p.tensors)
    reference.assert_close(kept, computed, 1e-15)
    other = gradients.logits_gradient(OP, p.spec, grad, *p.tensors, backprop * 2)
    reference.assert_close(other, 2 * computed, 1e-15)


def test_a_constant_grad_of_one_adds_no_op_to_a_graph() -> None:
    p = problem(Reduction.SUM)
    backprop = tf.zeros_like(p.logits)

    def op_names(grad: float) -> list[str]:
        with tf.Graph().as_default() as graph:
            tensors = [tf.constant(t.numpy()) for t in (*p.tensors, backprop)]
            gradients.logits_gradient(OP, p.spec, tf.constant(grad, tf.float64), *tensors)
            return [op.type for op in graph.get_operations() if "Case" in op.type]

    assert op_names(1.0) == []
    if use_native():
        assert op_names(2.0) == ["StatelessCase"]


def test_an_eager_grad_of_one_runs_no_op() -> None:
    p = problem(Reduction.SUM)
    backprop = tf.zeros_like(p.logits)
    one, two = (tf.constant(grad, tf.float64) for grad in (1.0, 2.0))
    with tf.device("CPU"):
        assert gradients.logits_gradient(OP, p.spec, one, *p.tensors, backprop) is backprop
        assert gradients.logits_gradient(OP, p.spec, two, *p.tensors, backprop) is not backprop


def test_an_eager_grad_of_one_is_still_seen_by_an_outer_tape() -> None:
    p = problem(Reduction.SUM)
    _, backprop = dispatch.steps(OP).loss_with_kept(p.spec, *p.tensors)
    one = tf.constant(1.0, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(one)
        gradient = gradients.logits_gradient(OP, p.spec, one, *p.tensors, backprop)
        total = tf.reduce_sum(gradient**2)
    reference.assert_close(tape.gradient(total, one), 2 * tf.reduce_sum(backprop**2), 1e-13)


def second(p: Problem, v: tf.Tensor) -> list[tf.Tensor]:
    """The derivatives of <v, d value / d logits> to upstream, logits, labels and weights.

    Of the formula, as TensorFlow's op has none to the labels here.
    """
    grad = upstream(p)
    losses = tf.ones([3, 2], tf.float64)
    with tf.GradientTape() as outer:
        outer.watch([grad, *p.tensors])
        with tf.GradientTape() as inner:
            inner.watch(losses)
            weighted = losses * p.weights
            if p.spec.reduction is not Reduction.NONE:
                weighted = divided(p.spec, tf.reduce_sum(weighted), p.weights, losses)
        c = inner.gradient(weighted, losses, grad)
        p_minus_y = tf.nn.softmax(p.logits, 1) - labels_lib.smoothed(p.spec, p.labels)
        to_logits = tf.expand_dims(c, 1) * p_minus_y
    return outer.gradient(to_logits, [grad, *p.tensors], v, "zero")


def hessian_vector(function: Callable[..., tf.Tensor], p: Problem, v: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape() as outer:
        outer.watch(p.logits)
        with tf.GradientTape() as inner:
            inner.watch(p.logits)
            value = function(p.spec, *p.tensors)
        to_logits = inner.gradient(value, p.logits, upstream(p))
    return outer.gradient(to_logits, p.logits, v)


@every_reduction
@every_weight
def test_second_derivatives(reduction: Reduction, weights_shape: tuple[int, ...]) -> None:
    p = problem(reduction, weights_shape)
    v = tf.constant(np.random.default_rng(5).normal(size=p.logits.shape))
    found = gradients.second_derivatives(OP, p.spec, v, upstream(p), *p.tensors)
    for one, wanted in zip(found, second(p, v)):
        reference.assert_close(one, wanted, 1e-12)
    reference.assert_close(found[1], hessian_vector(oracle, p, v), 1e-12)


@pytest.mark.parametrize(
    ("mode", "reduction"),
    [
        *((mode, Reduction.MEAN) for mode in ("eager", "compiled")),
        ("traced_unknown_shapes", Reduction.NONE),
        ("traced", Reduction.SUM),
        ("eager", Reduction.SUM_OVER_BATCH_SIZE),
        ("tf1_graph", Reduction.SUM_BY_NONZERO_WEIGHTS),
    ],
)
def test_second_derivatives_in_every_mode(reduction: Reduction, mode: str) -> None:
    p = problem(reduction, (3, 2))
    v = np.random.default_rng(5).normal(size=p.logits.shape)
    grad = upstream(p)

    def derivatives(*tensors: tf.Tensor) -> Any:
        return gradients.second_derivatives(OP, p.spec, *tensors)

    arrays = [v, *(tensor.numpy() for tensor in (grad, *p.tensors))]
    found = modes.MODES[mode](derivatives, *arrays)
    for one, wanted in zip(found, second(p, tf.constant(v))):
        reference.assert_close(one, wanted, 1e-12)


def test_third_derivatives_need_no_more_code() -> None:
    p = problem(Reduction.MEAN, (3, 2))
    v = tf.constant(np.random.default_rng(6).normal(size=p.logits.shape))

    def third(function: Callable[..., tf.Tensor]) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(p.logits)
            product = hessian_vector(function, p, v)
        return tape.gradient(product, p.logits, v)

    def ours(
        spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
    ) -> tf.Tensor:
        @tf.custom_gradient
        def value(logits: tf.Tensor) -> Any:
            def gradient(grad: tf.Tensor) -> tf.Tensor:
                return gradients.logits_gradient(OP, spec, grad, logits, labels, weights)

            return oracle(spec, logits, labels, weights), gradient

        return value(logits)

    reference.assert_close(third(ours), third(oracle), 1e-12)


@pytest.mark.parametrize("coefficients_shape", [(), (1, 1), (3, 2)])
def test_backprop_gradients(coefficients_shape: tuple[int, ...]) -> None:
    p = problem(Reduction.NONE)
    rng = np.random.default_rng(7)
    coefficients = tf.constant(rng.normal(size=coefficients_shape))
    full = tf.broadcast_to(coefficients, [3, 2])
    v = tf.constant(rng.normal(size=p.logits.shape))
    with tf.GradientTape() as tape:
        tape.watch([p.logits, p.labels, full])
        p_minus_y = tf.nn.softmax(p.logits, 1) - labels_lib.smoothed(p.spec, p.labels)
        backprop = tf.expand_dims(full, 1) * p_minus_y
    expected = tape.gradient(backprop, [p.logits, p.labels, full], v)
    found = gradients.backprop_gradients(OP, p.spec, v, p.logits, p.labels, coefficients)
    for one, wanted in zip(found, expected):
        reference.assert_close(one, wanted, 1e-13)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_gradients_have_the_dtypes_of_what_they_are_for(dtype: str) -> None:
    p = problem(Reduction.MEAN, (3, 2), dtype)
    grad = tf.constant(1.0, dtype)
    v = tf.ones_like(p.logits)
    found = gradients.second_derivatives(OP, p.spec, v, grad, *p.tensors)
    assert [one.dtype for one in found] == [dtype, dtype, dtype, "float32"]
    assert gradients.logits_gradient(OP, p.spec, grad, *p.tensors).dtype == dtype
    assert gradients.labels_gradient(OP, p.spec, grad, p.logits, p.weights).dtype == dtype
    losses = tf.ones([3, 2], dtype)
    assert gradients.weights_gradient(p.spec, grad, p.logits, losses, p.weights).dtype == "float32"


@pytest.mark.parametrize(
    ("values", "is_scalar"),
    [(np.ones((2, 3)), True), (np.ones(1), True), (np.ones(0), False), ([1.0, 2.0], False)],
    ids=["ones", "one", "nothing", "other"],
)
def test_a_constant_gradient_of_one_value_is_a_scalar(values: Any, is_scalar: bool) -> None:
    with tf.Graph().as_default():
        grad = tf.constant(values, tf.float32)
        found = gradients._as_scalar(grad)
        assert (found is grad) is not is_scalar
        if is_scalar:
            assert tf.get_static_value(found) == np.float32(1)
            assert found.shape.rank == 0


def test_class_ids_have_no_gradient() -> None:
    logits = tf.constant([[1.0, 2.0], [0.0, 1.0]])
    spec = Spec(-1, 0.0, Reduction.SUM)
    one = tf.ones([])
    assert gradients.labels_gradient(sparse_softmax.OP, spec, one, logits, one) is None
