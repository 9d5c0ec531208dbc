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

# The logits have 1 MiB: more than Grappler folds, and less than TensorFlow folds when it runs.
ROWS, CLASSES = 512, 512
# Of float32, as large as the losses or the classes.
LEAST = 512 * 4

Loss = Callable[..., tf.Tensor]


def arrays() -> list[np.ndarray]:
    """Labels, logits, weights, and what arrives for the gradient of losses."""
    rng = np.random.default_rng(0)
    labels = np.zeros([ROWS, CLASSES], np.float32)
    labels[np.arange(ROWS), rng.integers(CLASSES, size=ROWS)] = 1
    logits = rng.normal(size=[ROWS, CLASSES]).astype(np.float32)
    weights, upstream = rng.random((2, ROWS), dtype=np.float32)
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


# One of each op, and both kinds of weights.
FEW = [CASES[0], CASES[9], CASES[12], CASES[13]]


def values(cases: Any, labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> Any:
    return [loss(labels, logits, weights if w is None else w) for loss, w in cases]


def derivatives(cases: Any, twice: list[int]) -> Callable[..., list[tf.Tensor]]:
    """Values without a gradient, gradients by a tape and by the graph, and second ones.

    Args:
        cases: losses and their weights.
        twice: of which cases the second derivatives are computed.
    """

    def run(*inputs: tf.Tensor) -> list[tf.Tensor]:
        labels, logits, weights, upstream = inputs

        def start(value: tf.Tensor) -> tf.Tensor | None:
            # TensorFlow would start the gradient of losses with a constant of ones.
            return upstream if value.shape.rank else None

        of_graph = values(cases[1::3], labels, logits, weights)
        with tf.GradientTape(persistent=True) as outer:
            outer.watch(inputs)
            with tf.GradientTape(persistent=True) as inner:
                inner.watch(inputs)
                of_tape = values(cases, labels, logits, weights)
            firsts = [inner.gradient(value, logits, start(value)) for value in of_tape]
            products = [logits * firsts[i] for i in twice]
        found = [*of_graph, *of_tape, *firsts]
        for value in of_tape:
            found += inner.gradient(value, [labels, weights], start(value))
        for value in of_graph:
            found += tf.gradients(value, logits, start(value))
        for product in products:
            found += outer.gradient(product, inputs, logits)
        return [tensor for tensor in found if tensor is not None]

    return run


everything = derivatives(CASES, [0, 7, 8])
of_few = derivatives(FEW, [0, 1])
# XLA takes seconds to compile them.
for_xla = derivatives(FEW, [1])
one_of_each_op = derivatives(FEW[1:], [])
# The sigmoid's steps are the same for XLA, and need no shape.
both_softmaxes = derivatives(FEW[1:3], [])


def assert_none(constants: list[Constant]) -> None:
    assert [constant for constant in constants if constant.size >= LEAST] == []


# With "auto" the steps of both backends are in functions of their own, and a native op reduces its
# losses itself. What is around these steps is the same.
both_backends = pytest.mark.parametrize(
    ("backend", "derivatives"),
    [("auto", of_few), ("portable", everything)],
    indirect=["backend"],
    ids=["auto", "portable"],
)


@pytest.mark.parametrize("backend", ["auto", "portable"], indirect=True)
def test_in_a_function(backend: str) -> None:
    # A session tells of the others.
    assert_none(graph_constants.of_function(of_few, arrays()))


@pytest.mark.parametrize("backend", ["portable"], indirect=True)
def test_in_a_function_that_knows_the_classes_alone(backend: str) -> None:
    inputs = arrays()
    signature = [tf.TensorSpec([None, *array.shape[1:]], array.dtype) for array in inputs]
    assert_none(graph_constants.of_function(one_of_each_op, inputs, signature))


@both_backends
def test_in_a_session(backend: str, derivatives: Any) -> None:
    inputs = arrays()
    assert_none(graph_constants.of_session(derivatives, inputs, [x.shape for x in inputs]))


def test_under_xla() -> None:
    # The other backends have the same graph there, or none.
    keras_xent.set_backend("portable")
    assert_none(graph_constants.of_xla(for_xla, arrays()))


def test_under_xla_with_unknown_shapes() -> None:
    inputs = arrays()
    assert_none(graph_constants.of_xla(both_softmaxes, inputs, graph_constants.unknown(inputs)))


def test_under_xla_in_a_function_that_was_traced_without() -> None:
    inputs = arrays()
    inner = tf.function(both_softmaxes, autograph=False)
    inner.get_concrete_function(*map(tf.constant, inputs))
    assert_none(graph_constants.of_xla(lambda *tensors: inner(*tensors), inputs))


@pytest.mark.parametrize("backend", ["auto", "portable"], indirect=True)
def test_what_a_program_holds_itself_grows_no_larger(backend: str) -> None:
    """Labels for all examples, and the ones that start a gradient of losses."""

    def losses(logits: tf.Tensor) -> list[tf.Tensor]:
        found = [
            nn(tf.fill([1, CLASSES], 1 / CLASSES), logits, None),
            nn(logits, tf.fill([1, CLASSES], 0.5), None),
        ]
        return [*found, *tf.gradients(found[0], logits)]

    found = graph_constants.of_function(losses, arrays()[1:2])
    assert [constant for constant in found if constant.size > LEAST] == []


@pytest.mark.parametrize("backend", ["auto", "portable"], indirect=True)
def test_the_ones_that_a_gradient_begins_with(backend: str) -> None:
    """They aren't multiplied by a constant weight, which would be another constant."""
    inputs = arrays()

    def gradient(labels: tf.Tensor, logits: tf.Tensor, *_: tf.Tensor) -> list[tf.Tensor]:
        losses = [loss(labels, logits, 0.5) for loss in (of_tf1(Reduction.NONE, 0.0), nn)]
        return [tf.gradients(each, logits)[0] for each in losses]

    found = graph_constants.of_session(gradient, inputs, [each.shape for each in inputs])
    assert_none([each for each in found if each.where == "as it runs"])
