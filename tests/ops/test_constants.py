"""No constant as large as the logits or the losses, in any mode.

With shapes that are known TensorFlow makes constants of `zeros_like`, `ones_like`, `fill` and
`broadcast_to`, and a constant stays in memory as long as its graph.
"""

from __future__ import annotations

from typing import Any, Callable

import graph_constants
import numpy as np
import pytest
import tensorflow as tf
from graph_constants import Constant

import keras_xent
from keras_xent import Reduction, ops, v1

# The logits have 8 MiB. TensorFlow folds no more than 10.
SHAPES = {"many classes": (64, 32768), "many losses": (65536, 32)}
LOSSES = "many losses"

every_shape = pytest.mark.parametrize("shape", list(SHAPES))

Loss = Callable[..., tf.Tensor]


def arrays(shape: str) -> list[np.ndarray]:
    """Labels, logits, weights, and what arrives for the gradient of losses."""
    rng = np.random.default_rng(0)
    rows, classes = SHAPES[shape]
    labels = np.zeros([rows, classes], np.float32)
    labels[np.arange(rows), rng.integers(classes, size=rows)] = 1
    logits = rng.normal(size=[rows, classes]).astype(np.float32)
    weights, upstream = rng.random((2, rows), dtype=np.float32)
    return [labels, logits, weights, upstream]


def of_class(reduction: Reduction, smoothing: float) -> Loss:
    return keras_xent.CategoricalCrossentropy(
        from_logits=True, label_smoothing=smoothing, reduction=reduction
    )


def of_tf1(reduction: Reduction, smoothing: float) -> Loss:
    def loss(labels: tf.Tensor, logits: tf.Tensor, weights: Any) -> tf.Tensor:
        return v1.softmax_cross_entropy(
            labels, logits, weights, label_smoothing=smoothing, reduction=reduction
        )

    return loss


def nn(labels: tf.Tensor, logits: tf.Tensor, _: Any) -> tf.Tensor:
    return v1.softmax_cross_entropy_with_logits_v2(labels, logits)


def sparse(reduction: Reduction, smoothing: float) -> Loss:
    def loss(labels: tf.Tensor, logits: tf.Tensor, weights: Any) -> tf.Tensor:
        return ops.sparse_softmax_cross_entropy(
            logits,
            tf.argmax(labels, -1),
            weights,
            label_smoothing=smoothing,
            reduction=reduction,
        )

    return loss


def sigmoid(reduction: Reduction) -> Loss:
    def loss(labels: tf.Tensor, logits: tf.Tensor, weights: Any) -> tf.Tensor:
        weights = tf.convert_to_tensor(weights)
        each = weights if weights.shape.rank == 0 else weights[:, None]
        return ops.sigmoid_cross_entropy(
            logits, labels, each, label_smoothing=0.1, reduction=reduction
        )

    return loss


# Every reduction with one weight for all and with one a loss, which are None here.
CASES: list[tuple[Loss, float | None]] = [
    (of_class(Reduction.NONE, 0.1), 0.5),
    (of_tf1(Reduction.NONE, 0.0), None),
    (of_tf1(Reduction.SUM, 0.1), 0.5),
    (of_class(Reduction.SUM, 0.0), None),
    (of_class(Reduction.SUM_OVER_BATCH_SIZE, 0.0), 1.0),
    (of_tf1(Reduction.SUM_OVER_BATCH_SIZE, 0.1), None),
    (of_tf1(Reduction.MEAN, 0.0), 0.5),
    (of_class(Reduction.MEAN, 0.1), None),
    (of_tf1(Reduction.SUM_BY_NONZERO_WEIGHTS, 0.0), 1.0),
    (of_class(Reduction.SUM_BY_NONZERO_WEIGHTS, 0.1), None),
    (nn, 1.0),
    (sparse(Reduction.SUM_BY_NONZERO_WEIGHTS, 0.0), None),
    (sparse(Reduction.MEAN, 0.1), 0.5),
    (sigmoid(Reduction.SUM_BY_NONZERO_WEIGHTS), None),
    (sigmoid(Reduction.MEAN), 0.5),
]


def values(cases: Any, labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> Any:
    return [loss(labels, logits, weights if w is None else w) for loss, w in cases]


def everything(*inputs: tf.Tensor) -> list[tf.Tensor]:
    """Values without a gradient, gradients by a tape and by the graph, and second ones."""
    labels, logits, weights, upstream = inputs
    of_graph = values(CASES[1::3], labels, logits, weights)
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(inputs)
        with tf.GradientTape(persistent=True) as inner:
            inner.watch(inputs)
            of_tape = values(CASES, labels, logits, weights)
        firsts = [inner.gradient(value, logits) for value in of_tape]
        weighted = inner.gradient(of_tape[0], logits, upstream)
        products = [logits * first for first in (weighted, firsts[7], firsts[8])]
    found = [*of_graph, *of_tape, *firsts]
    for value in of_tape:
        # TensorFlow would start the gradient of losses with a constant of ones.
        start = upstream if value.shape.rank else None
        found += inner.gradient(value, [labels, weights], start)
    for value in of_graph:
        found += tf.gradients(value, logits)
    for product in products:
        found += outer.gradient(product, inputs, logits)
    return [tensor for tensor in found if tensor is not None]


def assert_none(constants: list[Constant]) -> None:
    assert graph_constants.large(constants) == []


@every_shape
def test_in_a_function(backend: str, shape: str) -> None:
    assert_none(graph_constants.of_function(everything, arrays(shape)))


def test_in_a_function_of_unknown_shapes(backend: str) -> None:
    inputs = arrays(LOSSES)
    signature = graph_constants.unknown(inputs)
    assert_none(graph_constants.of_function(everything, inputs, signature))


@every_shape
def test_in_a_session(backend: str, shape: str) -> None:
    inputs = arrays(shape)
    assert_none(graph_constants.of_session(everything, inputs, [x.shape for x in inputs]))


@every_shape
def test_under_xla(shape: str) -> None:
    # The other backends have the same graph there, or none.
    keras_xent.set_backend("portable")
    assert_none(graph_constants.of_xla(everything, arrays(shape)))


def test_under_xla_with_unknown_shapes() -> None:
    inputs = arrays(LOSSES)
    assert_none(graph_constants.of_xla(everything, inputs, graph_constants.unknown(inputs)))


def test_under_xla_in_a_function_that_was_traced_without() -> None:
    inputs = arrays(LOSSES)
    inner = tf.function(everything)
    inner.get_concrete_function(*map(tf.constant, inputs))
    assert_none(graph_constants.of_xla(lambda *tensors: inner(*tensors), inputs))


def test_of_labels_that_are_broadcast(backend: str) -> None:
    def losses(logits: tf.Tensor) -> list[tf.Tensor]:
        return [
            nn(tf.fill([1, 32], 1 / 32), logits, None),
            nn(logits, tf.fill([1, 32], 0.5), None),
        ]

    assert_none(graph_constants.of_function(losses, arrays(LOSSES)[1:2]))
