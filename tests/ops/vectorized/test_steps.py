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
    second,
)

import keras_xent


def no_loop(function: Any) -> bool:
    return not any("While" in op for op in tf1.op_types(function.graph.as_graph_def()))


# All losses where a trace is cheap; elsewhere what goes different ways through steps.py.
FEW = {
    name: OURS[name]
    for name in ("v1, sum_by_nonzero_weights", "nn, first axis", "a row", "weights alone")
}
SOME = {name: FEW[name] for name in ("v1, sum_by_nonzero_weights", "nn, first axis")}
every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())


@every_way
def test_known_shapes(backend: str, way: Way) -> None:
    every = way in (in_the_map, of_the_map) and backend != "auto"
    losses = OURS if every else SOME if way is second else FEW
    specs = [tf.TensorSpec(array.shape, array.dtype) for array in ARRAYS]
    function = tf.function(all_losses(way, losses), input_signature=specs)
    concrete = function.get_concrete_function()
    assert no_loop(concrete)
    assert_theirs(way, concrete(*[tf.constant(array) for array in ARRAYS]))


@every_way
def test_unknown_shapes(backend: str, way: Way) -> None:
    # For a jacobian, TensorFlow asks for the ranks.
    ranks = way in (jacobians, second)
    specs = [tf.TensorSpec([None] * a.ndim if ranks else None, a.dtype) for a in ARRAYS]
    losses = {"a row": FEW["a row"]} if way is second else SOME
    function = tf.function(all_losses(way, losses), input_signature=specs)
    concrete = function.get_concrete_function()
    assert no_loop(concrete)
    assert_theirs(way, concrete(*[tf.constant(array) for array in ARRAYS]))


def test_the_derivative_of_a_traced_jacobian(backend: str) -> None:
    losses = {name: OURS[name] for name in (*ONE, "v1, none")}
    assert_theirs(of_jacobians, modes.traced(all_losses(of_jacobians, losses), *ARRAYS))


@pytest.mark.parametrize(
    "way",
    [of_the_map, jacobians, of_jacobians],
    ids=["of_the_map", "jacobians", "of_jacobians"],
)
def test_eagerly(backend: str, way: Way) -> None:
    assert_theirs(way, modes.eager(all_losses(way, ONE), *ARRAYS))


@pytest.mark.parametrize("way", [in_the_map, of_the_map], ids=["in_the_map", "of_the_map"])
def test_in_a_tf1_graph(backend: str, way: Way) -> None:
    assert_theirs(way, modes.tf1_graph(all_losses(way, ONE), *ARRAYS))


@pytest.mark.parametrize("choice", ["auto", "portable"])
@pytest.mark.parametrize("mode", [modes.compiled, modes.traced_then_compiled])
def test_compiled_by_xla(choice: str, mode: Callable[..., Any]) -> None:
    keras_xent.set_backend(choice)
    assert_theirs(in_the_map, mode(all_losses(in_the_map, ONE), *ARRAYS))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_other_dtypes(backend: str, dtype: str) -> None:
    def run(losses: dict[str, Loss]) -> Callable[..., Any]:
        def both(*tensors: tf.Tensor) -> list[tf.Tensor]:
            labels, logits, weights = (tf.cast(tensor, dtype) for tensor in tensors)
            found = []
            for way in (in_the_map, jacobians):
                name = "v1, sum_by_nonzero_weights"
                found += way(name, losses[name], labels, logits, weights)
            return found

        return both

    ours, theirs = modes.traced(run(OURS), *ARRAYS), modes.traced(run(THEIRS), *ARRAYS)
    tf1.assert_same(ours, theirs, dtype, scale=8)


def test_a_float16_gradient_keeps_what_a_reduction_divides_away(backend: str) -> None:
    """Of 2**17 losses in each iteration, of which the gradient is scaled as losses are."""
    logits = tf.zeros([2, 2**17, 2], tf.float16)
    labels = tf.concat([tf.ones([2**17, 1]), tf.zeros([2**17, 1])], -1)

    @tf.function
    def slopes(logits: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            losses = mapped(lambda each: tf1.OURS.softmax_cross_entropy(labels, each), logits)
            scaled = losses * tf.constant(2.0**14, tf.float16)
        return tape.gradient(scaled, logits)

    found = slopes(logits)
    np.testing.assert_array_equal(found[:, :, 0], np.full((2, 2**17), -(2.0**-4), "float16"))


def test_tangents_of_a_map(backend: str) -> None:
    labels, logits, weights = (tf.constant(array, tf.float32) for array in ARRAYS)

    def jvp(loss: Loss) -> tf.Tensor:
        with tf.autodiff.ForwardAccumulator(logits, tf.cos(logits)) as forward:
            value = mapped(loss, labels, logits, weights)
        return forward.jvp(value)

    name = "v1, sum_by_nonzero_weights"
    # TF1's xent kernel takes labels that sum to one in its tangents too.
    reference.assert_close(tf.function(jvp)(OURS[name]), tf.function(jvp)(THEIRS[name]), 1e-5)
