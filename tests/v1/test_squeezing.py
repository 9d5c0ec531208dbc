"""Labels, logits and weights lose a last dimension of 1 where TF1's lose theirs, and only there."""

from __future__ import annotations

import functools
import itertools
from typing import Any, Sequence

import numpy as np
import pytest
import tensorflow as tf

# TF1's own: the oracle.
from tensorflow.python.ops.losses import losses_impl

from keras_xent.v1 import squeezing

placeholder = tf.compat.v1.placeholder

SHAPES: list[list[int]] = [[], [1], [2], [1, 1], [2, 1], [2, 3], [2, 3, 1], [1, 3, 1], [2, 1, 3]]


def theirs(labels: Any, logits: Any, weights: Any) -> Any:
    return losses_impl._remove_squeezable_dimensions(labels, logits, weights, 1)


def fails_or_shapes(function: Any, inputs: Sequence[tf.Tensor]) -> Any:
    try:
        return [tensor.shape.as_list() for tensor in function(*inputs)]
    except (ValueError, IndexError, tf.errors.InvalidArgumentError):
        return None


@pytest.mark.parametrize("logits_shape", [shape for shape in SHAPES if shape], ids=str)
def test_known_shapes_become_what_they_become_in_tf1(logits_shape: list[int]) -> None:
    logits = tf.zeros(logits_shape)
    for labels_shape, weights_shape in itertools.product(SHAPES, SHAPES):
        inputs = [tf.zeros(labels_shape, tf.int32), logits, tf.zeros(weights_shape)]
        expected = fails_or_shapes(theirs, inputs)
        found = fails_or_shapes(squeezing.squeezed, inputs)
        # What can't be squeezed stays as it is, and the loss says that it doesn't fit.
        if expected is None:
            assert found[2] == weights_shape
        else:
            assert found == expected


# Of labels, logits and weights.
GIVEN: list[tuple[list[int], list[int], list[int]]] = [
    ([2], [2, 3], [2]),
    ([2, 1], [2, 3], [2, 1]),
    ([2, 1], [2, 3], [1]),
    ([2], [2, 3], [2, 1]),
    ([2], [2, 3, 1], [2]),
    ([2, 3], [2, 3, 4], [2, 1]),
    ([2, 3, 1], [2, 3, 4], [2, 1, 1]),
    ([1], [3], [1]),
    ([2], [2, 1], []),
]


KNOWN = [None, "rank", "all"]


def shapes_when_run(function: Any, known: Sequence[Any]) -> list[list[list[int]]]:
    """What the shapes in `GIVEN` become in a graph that knows that much of each input."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        feed, found = {}, []
        for shapes in GIVEN:
            inputs = [
                placeholder(dtype, {None: None, "rank": [None] * len(shape), "all": shape}[each])
                for dtype, shape, each in zip((tf.int32, tf.float32, tf.float32), shapes, known)
            ]
            feed.update((tensor, np.zeros(shape)) for tensor, shape in zip(inputs, shapes))
            found.append([tf.shape(tensor) for tensor in function(*inputs)])
        return [[shape.tolist() for shape in each] for each in session.run(found, feed)]


@functools.lru_cache(maxsize=None)
def expected_shapes() -> list[list[list[int]]]:
    return shapes_when_run(theirs, [None] * 3)


# Each knowledge of one input with each of another.
@pytest.mark.parametrize(
    "known", [(KNOWN[i], KNOWN[j], KNOWN[(i + j) % 3]) for i in range(3) for j in range(3)], ids=str
)
def test_shapes_known_only_when_a_graph_runs_become_the_same(known: Any) -> None:
    ours = shapes_when_run(squeezing.squeezed, known)
    for shapes, our, their in zip(GIVEN, ours, expected_shapes()):
        assert our == their, shapes


@pytest.mark.parametrize(
    "shapes",
    [([2, 3], [2, 3], []), ([0, 3], [0, 3], []), ([2], [2, 3], [2, 3]), ([2], [2, 3, 4], [])],
    ids=str,
)
def test_a_last_dimension_that_is_not_1_raises_an_error_when_a_graph_runs(shapes: Any) -> None:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        inputs = [placeholder(dtype) for dtype in (tf.int32, tf.float32, tf.float32)]
        feed = {tensor: np.zeros(shape) for tensor, shape in zip(inputs, shapes)}
        for function in (squeezing.squeezed, theirs):
            results = function(*inputs)
            with pytest.raises(tf.errors.InvalidArgumentError):
                session.run(results, feed)


def test_what_fits_stays_the_very_tensor() -> None:
    inputs = [tf.zeros([2], tf.int32), tf.zeros([2, 3]), tf.zeros([2])]
    for found, given in zip(squeezing.squeezed(*inputs), inputs):
        assert found is given
