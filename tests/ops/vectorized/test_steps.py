"""`tf.vectorized_map` and jacobians of every loss: TensorFlow's numbers, without a loop."""

from __future__ import annotations

from typing import Any, Callable

import modes
import numpy as np
import pytest
import reference
import tensorflow as tf
import tf1
from mapped_losses import (
    ARRAYS,
    ONE,
    OURS,
    THEIRS,
    WAYS,
    Loss,
    Way,
    all_losses,
    assert_theirs,
    in_the_map,
    jacobians,
    mapped,
    of_jacobians,
    of_the_map,
    one_by_one,
    second,
)


def no_loop(function: Any) -> bool:
    return not any("While" in op for op in tf1.op_types(function.graph.as_graph_def()))


# The nodes that are converted differ between the backends; what they become doesn't. So all
# losses are converted once in each way, and on the other backends those that go different ways
# through steps.py.
FEW = {
    name: OURS[name]
    for name in ("v1, sum_by_nonzero_weights", "nn, first axis", "a row", "weights alone")
}
SOME = {name: FEW[name] for name in ("v1, sum_by_nonzero_weights", "nn, first axis")}
WEIGHTS_FOR_ALL = {"weights for all": OURS["weights for all"]}
SHARED = {
    **WEIGHTS_FOR_ALL,
    **{name: OURS[name] for name in ("labels for all", "logits for all")},
}

REDUCTIONS = {f"v1, {name}": OURS[f"v1, {name}"] for name in ("none", "sum_over_batch_size")}


def losses_of(way: Way, backend: str) -> dict[str, Loss]:
    if (way, backend) == (in_the_map, "native"):
        return OURS
    if way is second:
        return ONE
    if (way, backend) == (of_the_map, "portable"):
        return {**FEW, **WEIGHTS_FOR_ALL, **REDUCTIONS}
    if (way, backend) == (in_the_map, "portable"):
        return {**FEW, **SHARED}
    if backend == "auto":
        return SOME if way is in_the_map else ONE
    return FEW if (way, backend) == (jacobians, "native") else SOME


def converted(way: Way, losses: dict[str, Loss], specs: list[tf.TensorSpec]) -> Any:
    """The results of a function of such arguments, which has no loop."""
    function = tf.function(all_losses(way, losses), input_signature=specs, autograph=False)
    concrete = function.get_concrete_function()
    assert no_loop(concrete)
    return concrete(*[tf.constant(array) for array in ARRAYS])


@pytest.mark.parametrize(
    ("backend", "way"),
    [
        *(("native", way) for way in WAYS.values()),
        *(("portable", way) for way in WAYS.values()),
        *(("auto", way) for way in (in_the_map, of_the_map, jacobians)),
    ],
    indirect=["backend"],
)
def test_known_shapes(backend: str, way: Way) -> None:
    specs = [tf.TensorSpec(array.shape, array.dtype) for array in ARRAYS]
    assert_theirs(way, converted(way, losses_of(way, backend), specs))


@pytest.mark.parametrize(
    ("backend", "way"),
    [
        ("native", in_the_map),
        ("native", jacobians),
        ("portable", of_the_map),
    ],
    indirect=["backend"],
)
def test_unknown_shapes(backend: str, way: Way) -> None:
    # For a jacobian, TensorFlow asks for the ranks.
    ranks = way is jacobians
    specs = [tf.TensorSpec([None] * a.ndim if ranks else None, a.dtype) for a in ARRAYS]
    losses = SOME if way is in_the_map else ONE
    assert_theirs(way, converted(way, losses, specs))


def test_the_derivative_of_a_traced_jacobian(backend: str) -> None:
    losses = {**ONE, "v1, none": OURS["v1, none"]} if backend == "native" else ONE
    assert_theirs(of_jacobians, modes.traced(all_losses(of_jacobians, losses), *ARRAYS))


@pytest.mark.parametrize(
    ("backend", "way"),
    [
        ("auto", of_the_map),
        ("portable", of_the_map),
        ("auto", jacobians),
        ("native", of_jacobians),
    ],
    indirect=["backend"],
)
def test_eagerly(backend: str, way: Way) -> None:
    assert_theirs(way, modes.eager(all_losses(way, ONE), *ARRAYS))


@pytest.mark.parametrize(
    ("backend", "way"),
    [("auto", in_the_map), ("portable", of_the_map)],
    indirect=["backend"],
)
def test_in_a_tf1_graph(backend: str, way: Way) -> None:
    assert_theirs(way, modes.tf1_graph(all_losses(way, ONE), *ARRAYS))


@pytest.mark.parametrize("mode", [modes.compiled, modes.traced_then_compiled])
def test_compiled_by_xla(mode: Callable[..., Any]) -> None:
    assert_theirs(in_the_map, mode(all_losses(in_the_map, ONE), *ARRAYS))


# Only of float16 the backends keep different things for the gradient.
@pytest.mark.parametrize(
    ("dtype", "backend"),
    [
        ("float16", "auto"),
        ("float16", "native"),
        ("float16", "portable"),
        ("bfloat16", "native"),
        ("float64", "portable"),
    ],
    indirect=["backend"],
)
def test_other_dtypes(backend: str, dtype: str) -> None:
    name = "v1, sum_by_nonzero_weights"

    def run(loss: Loss, over: Any) -> Callable[..., list[tf.Tensor]]:
        def both(*tensors: tf.Tensor) -> list[tf.Tensor]:
            tensors = tuple(tf.cast(tensor, dtype) for tensor in tensors)
            ways = (in_the_map, jacobians) if dtype == "float16" else (in_the_map,)
            return [each for way in ways for each in way(name, loss, *tensors, over=over)]

        return both

    ours = modes.traced(run(OURS[name], mapped), *ARRAYS)
    theirs = modes.eager(run(THEIRS[name], one_by_one), *ARRAYS)
    tf1.assert_same(ours, theirs, dtype, scale=8)


def test_a_float16_gradient_keeps_what_a_reduction_divides_away(backend: str) -> None:
    """Of 2**17 losses in each iteration, of which the gradient is scaled as losses are."""
    logits = tf.zeros([2, 2**17, 2], tf.float16)
    labels = tf.concat([tf.ones([2**17, 1]), tf.zeros([2**17, 1])], -1)

    @tf.function(autograph=False)
    def slopes(logits: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            losses = mapped(lambda each: tf1.OURS.softmax_cross_entropy(labels, each), logits)
            scaled = losses * tf.constant(2.0**14, tf.float16)
        return tape.gradient(scaled, logits)

    found = slopes(logits)
    np.testing.assert_array_equal(found[:, :, 0], np.full((2, 2**17), -(2.0**-4), "float16"))


def tangents_of_a_map(loss: Loss, over: Any = mapped) -> tf.Tensor:
    labels, logits, weights = (tf.constant(array, tf.float32) for array in ARRAYS)
    with tf.autodiff.ForwardAccumulator(logits, tf.cos(logits)) as forward:
        value = over(loss, labels, logits, weights)
    return forward.jvp(value)


def test_tangents_of_a_map() -> None:
    name = "v1, sum_by_nonzero_weights"
    # TF1's xent kernel takes labels that sum to one in its tangents too.
    expected = tangents_of_a_map(THEIRS[name], one_by_one)
    traced = tf.function(tangents_of_a_map, autograph=False)
    reference.assert_close(traced(OURS[name]), expected, 1e-5)
