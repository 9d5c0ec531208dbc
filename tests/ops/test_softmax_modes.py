"""The op in every way that TensorFlow runs and differentiates a function."""

from __future__ import annotations

import functools
from typing import Any, Callable

import modes
import numpy as np
import pytest
import reference
import tensorflow as tf

from keras_xent import Reduction
from keras_xent.ops import softmax_cross_entropy

RNG = np.random.default_rng(9)
LOGITS = RNG.normal(size=(3, 4, 5)) * 2
LABELS = RNG.dirichlet(np.ones(4), (3, 5)).transpose(0, 2, 1)
WEIGHTS = np.array([0.5, 0.0, 2.0])[:, None] * np.ones([3, 5])
ARRAYS = [LOGITS, LABELS, WEIGHTS]
SMOOTHING = 0.1

every_mode = pytest.mark.parametrize("mode", list(modes.MODES))


def ours(reduction: Reduction, *tensors: tf.Tensor) -> tf.Tensor:
    logits, labels, weights = tensors
    return softmax_cross_entropy(
        logits, labels, weights, label_smoothing=SMOOTHING, axis=1, reduction=reduction
    )


def oracle(reduction: Reduction, *tensors: tf.Tensor) -> tf.Tensor:
    """TensorFlow's op in float64, reduced without TF1's rounding to float32."""
    logits, labels, weights = tensors
    smoothed = labels * (1 - SMOOTHING) + SMOOTHING / 4
    losses = tf.nn.softmax_cross_entropy_with_logits(smoothed, logits, axis=1)
    weights = tf.broadcast_to(weights, tf.shape(losses))
    weighted = losses * weights
    if reduction is Reduction.NONE:
        return weighted
    divisor = {
        Reduction.SUM: lambda: tf.constant(1.0, tf.float64),
        Reduction.SUM_OVER_BATCH_SIZE: lambda: tf.cast(tf.size(losses), tf.float64),
        Reduction.MEAN: lambda: tf.reduce_sum(weights),
        Reduction.SUM_BY_NONZERO_WEIGHTS: lambda: tf.cast(
            tf.math.count_nonzero(weights), tf.float64
        ),
    }[reduction]()
    return tf.reduce_sum(weighted) / divisor


def first_order(function: Callable[..., tf.Tensor], reduction: Reduction) -> Callable[..., Any]:
    """A function that returns the value and its gradients to all tensors."""

    def run(*tensors: tf.Tensor) -> list[tf.Tensor]:
        if tf.compat.v1.executing_eagerly_outside_functions():
            with tf.GradientTape() as tape:
                tape.watch(tensors)
                value = function(reduction, *tensors)
            return [value, *tape.gradient(value, tensors)]
        value = function(reduction, *tensors)
        return [value, *tf.gradients(value, tensors)]

    return run


def second_order(function: Callable[..., tf.Tensor], reduction: Reduction) -> Callable[..., Any]:
    """The same, and the derivative of <v, gradient to logits> to the logits and the weights."""
    v = np.random.default_rng(10).normal(size=LOGITS.shape)

    def run(*tensors: tf.Tensor) -> list[tf.Tensor]:
        logits, _, weights = tensors
        if tf.compat.v1.executing_eagerly_outside_functions():
            with tf.GradientTape() as outer:
                outer.watch([logits, weights])
                with tf.GradientTape() as inner:
                    inner.watch(tensors)
                    value = function(reduction, *tensors)
                first = inner.gradient(value, tensors)
            second = outer.gradient(first[0], [logits, weights], tf.constant(v))
        else:
            value = function(reduction, *tensors)
            first = tf.gradients(value, tensors)
            second = tf.gradients(first[0], [logits, weights], tf.constant(v))
        return [value, *first, *second]

    return run


@functools.lru_cache(maxsize=None)
def expected_of(order: Callable[..., Any], reduction: Reduction) -> list[Any]:
    return modes.eager(order(oracle, reduction), *ARRAYS)


def assert_expected(found: Any, order: Callable[..., Any], reduction: Reduction) -> None:
    expected = expected_of(order, reduction)
    assert len(found) == len(expected)
    for i, (one, wanted) in enumerate(zip(found, expected)):
        # After the value and its gradients come the second derivatives.
        reference.assert_close(one, wanted, 1e-13 if i < 4 else 1e-12)


# Each mode's reductions, of which the second derivatives are computed too, or the first alone.
# The modes that have few trace the same with other shapes, or compile the same trace.
NONE, MEAN, BY_NONZERO = Reduction.NONE, Reduction.MEAN, Reduction.SUM_BY_NONZERO_WEIGHTS
TWICE = {
    **{mode: [NONE, MEAN] for mode in ("eager", "traced")},
    **{mode: [MEAN] for mode in ("compiled", "traced_unknown_shapes", "tf1_graph")},
}
ONCE = {
    "eager": list(Reduction),
    "traced": [Reduction.SUM, Reduction.SUM_OVER_BATCH_SIZE, BY_NONZERO],
    "compiled": [NONE, BY_NONZERO],
    "traced_unknown_shapes": [NONE],
    "traced_then_compiled": [BY_NONZERO],
    "compiled_unknown_shapes": [BY_NONZERO],
}


@every_mode
def test_value_and_derivatives(mode: str) -> None:
    cases = [(first_order, reduction) for reduction in ONCE.get(mode, [])]
    cases += [(second_order, reduction) for reduction in TWICE.get(mode, [])]

    def run(*tensors: tf.Tensor) -> list[Any]:
        return [order(ours, reduction)(*tensors) for order, reduction in cases]

    for case, found in zip(cases, modes.MODES[mode](run, *ARRAYS)):
        assert_expected(found, *case)


# Of float16 other things are kept for the gradient.
@pytest.mark.parametrize(
    ("mode", "dtypes"),
    [
        ("eager", ["float16", "bfloat16", "float32"]),
        ("traced", ["float16", "bfloat16"]),
        ("compiled", ["float16"]),
    ],
)
def test_value_and_gradients_of_smaller_dtypes(mode: str, dtypes: list[str]) -> None:
    inputs = []
    for dtype in dtypes:
        numpy_dtype = reference.numpy_dtype(dtype)
        inputs += [LOGITS.astype(numpy_dtype), LABELS.astype(numpy_dtype), WEIGHTS.astype("f")]

    def run(*tensors: tf.Tensor) -> list[Any]:
        each = [tensors[i : i + 3] for i in range(0, len(tensors), 3)]
        return [first_order(ours, Reduction.MEAN)(*arrays) for arrays in each]

    for i, found in enumerate(modes.MODES[mode](run, *inputs)):
        exact = [np.asarray(array).astype(np.float64) for array in inputs[3 * i : 3 * i + 3]]
        expected = modes.eager(first_order(oracle, Reduction.MEAN), *exact)
        for one, wanted in zip(found, expected):
            reference.assert_close(one, wanted, 2 * reference.tolerance(dtypes[i]))


def outside(order: Callable[..., Any], reduction: Reduction, jit_compile: bool) -> Any:
    """The results of tapes outside of a traced function."""
    function = tf.function(
        lambda *tensors: ours(reduction, *tensors), jit_compile=jit_compile, autograph=False
    )
    return modes.eager(order(lambda _, *tensors: function(*tensors), reduction), *ARRAYS)


def test_a_tape_outside_a_traced_function() -> None:
    assert_expected(outside(first_order, MEAN, False), first_order, MEAN)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_nested_tapes_outside_a_traced_function(jit_compile: bool) -> None:
    assert_expected(outside(second_order, NONE, jit_compile), second_order, NONE)


def test_a_persistent_tape_gives_the_same_again(eager_backend: str) -> None:
    logits, labels, weights = (tf.constant(array) for array in ARRAYS)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logits)
        value = ours(Reduction.SUM, logits, labels, weights)
        tripled = 3 * value
    once = tape.gradient(value, logits)
    thrice = tape.gradient(tripled, logits)
    again = tape.gradient(value, logits)
    np.testing.assert_array_equal(once, again)
    reference.assert_close(thrice, 3 * once, 1e-15)
    _, exact = reference.value_and_gradient(*ARRAYS, SMOOTHING, 1, Reduction.SUM)
    reference.assert_close(once, exact, 1e-14)


@pytest.mark.parametrize("experimental_use_pfor", [False, True])
def test_jacobian(experimental_use_pfor: bool) -> None:
    def jacobian(function: Callable[..., tf.Tensor]) -> tf.Tensor:
        logits, labels, weights = (tf.constant(array) for array in ARRAYS)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(logits)
            value = function(Reduction.NONE, logits, labels, weights)
        return tape.jacobian(value, logits, experimental_use_pfor=experimental_use_pfor)

    found = jacobian(ours)
    assert found.shape == [3, 5, 3, 4, 5]
    reference.assert_close(found, jacobian(oracle), 1e-13)


def tangents() -> list[tf.Tensor]:
    rng = np.random.default_rng(11)
    return [tf.constant(rng.normal(size=array.shape)) for array in ARRAYS]


@functools.lru_cache(maxsize=None)
def jvp_of_oracle(index: int) -> tf.Tensor:
    tensors = [tf.constant(array) for array in ARRAYS]
    with tf.autodiff.ForwardAccumulator(tensors[index], tangents()[index]) as accumulator:
        value = oracle(Reduction.MEAN, *tensors)
    return accumulator.jvp(value)


@pytest.mark.parametrize("index", [0, 1, 2], ids=["logits", "labels", "weights"])
@pytest.mark.parametrize("taped", [False, True])
def test_forward_mode(eager_backend: str, index: int, taped: bool) -> None:
    tensors = [tf.constant(array) for array in ARRAYS]
    with tf.autodiff.ForwardAccumulator(tensors[index], tangents()[index]) as accumulator:
        with tf.GradientTape() as tape:
            if taped:
                tape.watch(tensors[0])
            value = ours(Reduction.MEAN, *tensors)
        # The tape is none the wiser for the accumulator.
        assert tape.gradient(value, tensors[2 if index != 2 else 1]) is None
    found = accumulator.jvp(value)
    assert found is not None
    reference.assert_close(found, jvp_of_oracle(index), 1e-13)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_forward_mode_outside_a_traced_function(jit_compile: bool) -> None:
    function = tf.function(
        lambda *tensors: ours(Reduction.MEAN, *tensors), jit_compile=jit_compile, autograph=False
    )

    def jvp(function: Callable[..., tf.Tensor]) -> tf.Tensor:
        tensors = [tf.constant(array) for array in ARRAYS]
        with tf.autodiff.ForwardAccumulator(tensors, tangents()) as accumulator:
            value = function(*tensors)
        return accumulator.jvp(value)

    expected = jvp(lambda *tensors: oracle(Reduction.MEAN, *tensors))
    reference.assert_close(jvp(function), expected, 1e-13)


@pytest.mark.parametrize("backend", ["auto", "portable"], indirect=True)
def test_forward_mode_inside_a_traced_function(backend: str) -> None:
    def jvp(function: Callable[..., tf.Tensor]) -> Callable[..., tf.Tensor]:
        def run(*tensors: tf.Tensor) -> tf.Tensor:
            with tf.autodiff.ForwardAccumulator(tensors[0], tangents()[0]) as accumulator:
                value = function(Reduction.MEAN, *tensors)
            return accumulator.jvp(value)

        return run

    found, expected = modes.traced(jvp(ours), *ARRAYS), modes.eager(jvp(oracle), *ARRAYS)
    reference.assert_close(found, expected, 1e-12)


def test_a_hessian_vector_product_forward_over_reverse(eager_backend: str) -> None:
    def product(function: Callable[..., tf.Tensor]) -> tf.Tensor:
        logits, labels, weights = (tf.constant(array) for array in ARRAYS)
        with tf.autodiff.ForwardAccumulator(logits, tangents()[0]) as accumulator:
            with tf.GradientTape() as tape:
                tape.watch(logits)
                value = function(Reduction.SUM, logits, labels, weights)
            gradient = tape.gradient(value, logits)
        return accumulator.jvp(gradient)

    found = product(ours)
    assert found is not None
    reference.assert_close(found, product(oracle), 1e-12)


def test_in_control_flow() -> None:
    @tf.function
    def run(logits: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            total = tf.constant(0.0, tf.float64)
            for i in tf.range(3):
                if i != 1:
                    total += softmax_cross_entropy(logits[i], labels[i], axis=0)
        return total, tape.gradient(total, logits)

    total, gradient = run(tf.constant(LOGITS), tf.constant(LABELS))
    weights = np.array([1, 0, 1])[:, None] * np.full([3, 5], 0.2)
    exact = reference.value_and_gradient(LOGITS, LABELS, weights, 0.0, 1, Reduction.SUM)
    reference.assert_close(total, exact[0], 1e-14)
    reference.assert_close(gradient, exact[1], 1e-14)


def test_a_loss_that_is_used_twice_adds_its_gradients() -> None:
    found: dict[str, Any] = {}
    for name, function in (("ours", ours), ("oracle", oracle)):
        tensors = [tf.constant(array) for array in ARRAYS]
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = function(Reduction.MEAN, *tensors)
            total = value * value + tf.exp(value)
        found[name] = tape.gradient(total, tensors)
    for one, wanted in zip(found["ours"], found["oracle"]):
        reference.assert_close(one, wanted, 1e-13)
