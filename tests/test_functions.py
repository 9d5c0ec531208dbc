"""The losses as functions: TensorFlow 1's numbers, and those of the Keras losses."""

from __future__ import annotations

import inspect
from typing import Any, Callable

import modes
import numpy as np
import pytest
import tensorflow as tf
import tf1

import keras_xent
from keras_xent import Reduction

SMOOTHING = 0.1
SHAPE = [4, 3]
LOGITS = tf1.logits_of(SHAPE)
WEIGHTS = np.array([1, 0, 2, 0.5], np.float32)
FUNCTIONS = ["softmax_cross_entropy", "sparse_softmax_cross_entropy", "sigmoid_cross_entropy"]
LABELS = {
    "softmax_cross_entropy": tf1.soft_labels_of(SHAPE),
    "sparse_softmax_cross_entropy": tf1.ids_of(SHAPE),
    "sigmoid_cross_entropy": tf1.soft_labels_of(SHAPE),
}
every_function = pytest.mark.parametrize("name", FUNCTIONS)


def weights_of(name: str) -> np.ndarray:
    return WEIGHTS[:, None] if name == "sigmoid_cross_entropy" else WEIGHTS


def smoothed(name: str, labels: Any, dtype: Any) -> Any:
    if name == "sparse_softmax_cross_entropy":
        labels = tf.one_hot(labels, SHAPE[-1], dtype=dtype)
    target = 0.5 if name == "sigmoid_cross_entropy" else 1 / SHAPE[-1]
    return labels * (1 - SMOOTHING) + SMOOTHING * target


def theirs(name: str, reduction: Reduction, labels: Any, logits: Any, weights: Any) -> Any:
    """TF1's functions; its weighted softmax losses would stop the gradient to the labels."""
    function = {
        "softmax_cross_entropy": tf1.THEIRS.softmax_cross_entropy_with_logits_v2,
        "sparse_softmax_cross_entropy": tf1.THEIRS.softmax_cross_entropy_with_logits_v2,
        "sigmoid_cross_entropy": tf1.THEIRS.sigmoid_cross_entropy_with_logits,
    }[name]
    losses = function(labels=smoothed(name, labels, logits.dtype), logits=logits)
    return tf1.THEIRS.compute_weighted_loss(
        losses, weights, loss_collection=None, reduction=tf1.REDUCTIONS[reduction]
    )


def ours(name: str, reduction: Reduction, labels: Any, logits: Any, weights: Any) -> Any:
    return getattr(keras_xent, name)(
        labels=labels,
        logits=logits,
        weights=weights,
        label_smoothing=SMOOTHING,
        reduction=reduction,
    )


# A graph of each would say no more: what the functions call is tested with all of them.
IN_GRAPHS = [Reduction.NONE, Reduction.SUM_BY_NONZERO_WEIGHTS]
REDUCTIONS = {
    "eager": list(Reduction),
    "traced": IN_GRAPHS,
    "compiled": [Reduction.SUM_BY_NONZERO_WEIGHTS],
    "tf1_graph": [Reduction.SUM_BY_NONZERO_WEIGHTS],
}


def of_reductions(
    function: Callable[..., Any], name: str, reductions: list[Reduction]
) -> Callable[..., list[Any]]:
    """Values and gradients of these reductions, in one trace."""

    def run(*inputs: Any) -> list[Any]:
        in_tf1s_graph = not tf.compat.v1.executing_eagerly_outside_functions()
        by = tf1.by_tf_gradients if in_tf1s_graph else tf1.by_tape
        results = []
        for reduction in reductions:
            results += by(lambda *each, to=reduction: function(name, to, *each), *inputs)
        return results

    return run


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        *((name, mode) for name in FUNCTIONS for mode in ("eager", "traced")),
        # What they call is tested in all modes.
        ("softmax_cross_entropy", "compiled"),
        ("sparse_softmax_cross_entropy", "tf1_graph"),
    ],
)
def test_values_and_gradients_are_tf1s(name: str, mode: str) -> None:
    inputs = (LABELS[name], LOGITS, weights_of(name))
    reductions = REDUCTIONS[mode]
    found = modes.MODES[mode](of_reductions(ours, name, reductions), *inputs)
    expected = modes.eager(of_reductions(theirs, name, reductions), *inputs)
    # A value, and gradients to logits, weights and labels that are no ids.
    assert len(found) == len(reductions) * (3 if name.startswith("sparse") else 4)
    tf1.assert_same(found, expected)


@every_function
def test_the_defaults_are_tf1s_without_smoothing(name: str) -> None:
    labels, weights = tf1.labels_of(name, SHAPE), weights_of(name)
    function, tf1s = getattr(keras_xent, name), getattr(tf1.THEIRS, name)
    found = [function(labels=labels, logits=LOGITS, weights=weights)]
    expected = [tf1s(labels, LOGITS, weights)]
    for nothing in ({}, {"weights": None}):
        found.append(function(labels=labels, logits=LOGITS, **nothing))
        expected.append(tf1s(labels, LOGITS))
    tf1.assert_same(found, expected)


@every_function
def test_the_result_has_the_logits_dtype(name: str) -> None:
    for dtype in ("float16", "bfloat16", "float32", "float64"):
        logits = tf1.logits_of(SHAPE, dtype)
        labels = tf1.labels_of(name, SHAPE)
        found = getattr(keras_xent, name)(labels=labels, logits=logits, weights=weights_of(name))
        expected = getattr(tf1.THEIRS, name)(labels, logits, weights_of(name))
        # TF1 rounds float64 to float32 on the way.
        tolerance = tf1.TOLERANCE["float32" if dtype == "float64" else dtype]
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(
            tf.cast(found, tf.float64), tf.cast(expected, tf.float64), rtol=10 * tolerance
        )


LOSSES: dict[str, Any] = {
    "softmax_cross_entropy": keras_xent.CategoricalCrossentropy,
    "sparse_softmax_cross_entropy": keras_xent.SparseCategoricalCrossentropy,
}


@pytest.mark.parametrize("name", LOSSES)
def test_values_and_gradients_are_those_of_the_keras_loss(name: str) -> None:
    logits = tf1.logits_of([2, 3, 4])
    labels = tf1.soft_labels_of([2, 3, 4])
    if name.startswith("sparse"):
        labels = labels.argmax(1)
    weights = np.array([[1, 0, 2, 0.5], [0, 1, 3, 0]], np.float32)
    for reduction in Reduction:
        arguments = {"axis": 1, "label_smoothing": SMOOTHING, "reduction": reduction}
        loss = LOSSES[name](from_logits=True, **arguments)
        found = tf1.by_tape(
            lambda logits, weights, given=arguments: getattr(keras_xent, name)(
                labels=labels, logits=logits, weights=weights, **given
            ),
            logits,
            weights,
        )
        expected = tf1.by_tape(
            lambda logits, weights, loss=loss: loss(labels, logits, weights), logits, weights
        )
        tf1.assert_same(found, expected)


def test_a_keras_loss_of_means_over_the_classes() -> None:
    labels = tf1.bits_of(SHAPE)

    def function(weights: Any, reduction: Reduction) -> Any:
        return keras_xent.sigmoid_cross_entropy(
            labels=labels, logits=LOGITS, weights=weights, reduction=reduction
        )

    def loss(reduction: Reduction) -> Any:
        keras_loss = keras_xent.BinaryCrossentropy(from_logits=True, reduction=reduction)
        return keras_loss(labels, LOGITS, WEIGHTS)

    for mean in (Reduction.MEAN, Reduction.SUM_OVER_BATCH_SIZE, Reduction.SUM_BY_NONZERO_WEIGHTS):
        tf1.assert_same([function(WEIGHTS[:, None], mean)], [loss(mean)])
    each = function(WEIGHTS[:, None], Reduction.NONE)
    tf1.assert_same([tf.reduce_mean(each, -1)], [loss(Reduction.NONE)])


def test_an_ignored_class_has_the_weight_zero() -> None:
    labels = np.array([2, -1, 0, -1])
    kept = np.array([1, 0, 1, 0], np.float32)
    for reduction in Reduction:
        found = keras_xent.sparse_softmax_cross_entropy(
            labels=labels, logits=LOGITS, weights=WEIGHTS, ignore_class=-1, reduction=reduction
        )
        expected = tf1.THEIRS.sparse_softmax_cross_entropy(
            np.maximum(labels, 0), LOGITS, WEIGHTS * kept, reduction=tf1.REDUCTIONS[reduction]
        )
        tf1.assert_same([found], [expected])
        # A mean of Keras leaves them out of its denominator.
        loss = keras_xent.SparseCategoricalCrossentropy(
            from_logits=True, ignore_class=-1, reduction=reduction
        )(labels, LOGITS, WEIGHTS)
        halved = 0.5 if reduction is Reduction.SUM_OVER_BATCH_SIZE else 1.0
        tf1.assert_same([found], [halved * loss])


def test_reductions_go_by_any_name() -> None:
    for reduction in [*tf1.REDUCTIONS, "mean_with_sample_weight", None]:
        found = keras_xent.softmax_cross_entropy(
            labels=LABELS["softmax_cross_entropy"],
            logits=LOGITS,
            weights=WEIGHTS,
            label_smoothing=SMOOTHING,
            reduction=reduction,
        )
        expected = ours(
            "softmax_cross_entropy",
            Reduction(reduction),
            LABELS["softmax_cross_entropy"],
            LOGITS,
            WEIGHTS,
        )
        np.testing.assert_array_equal(found, expected)


@every_function
def test_every_argument_is_a_keyword(name: str) -> None:
    function = getattr(keras_xent, name)
    kinds = {each.kind for each in inspect.signature(function).parameters.values()}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}
    with pytest.raises(TypeError, match="takes 0 positional arguments but 2 were given"):
        function(LABELS[name], LOGITS)
    for missing in ("labels", "logits"):
        arguments = {"labels": LABELS[name], "logits": LOGITS}
        del arguments[missing]
        with pytest.raises(TypeError, match=f"required keyword-only argument: '{missing}'"):
            function(**arguments)


@every_function
@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"labels": None}, ValueError, "labels is None, expected a tensor"),
        ({"logits": None}, ValueError, "logits is None, expected a tensor"),
        ({"logits": np.ones(SHAPE, int)}, TypeError, "logits have dtype int64"),
        ({"logits": tf.ragged.constant([[1.0]])}, TypeError, "logits is a RaggedTensor"),
        ({"logits": LOGITS[:2]}, ValueError, "must have the"),
        ({"labels": tf1.ids_of([2, 3])}, ValueError, "must have the"),
        ({"weights": np.ones([2, 1, 1])}, ValueError, r"weights have shape \(2, 1, 1\)"),
        ({"weights": np.ones([3])}, ValueError, r"weights have shape \(3,\)"),
        ({"label_smoothing": 1.5}, ValueError, r"expected a number in \[0, 1\]"),
        ({"reduction": "average"}, ValueError, "reduction is 'average'"),
    ],
    ids=lambda value: str(next(iter(value))) if isinstance(value, dict) else None,
)
def test_wrong_arguments(name: str, wrong: dict[str, Any], error: Any, message: str) -> None:
    arguments = {"labels": LABELS[name], "logits": LOGITS, "weights": weights_of(name), **wrong}
    with pytest.raises(error, match=message):
        getattr(keras_xent, name)(**arguments)


@every_function
def test_a_placeholder_of_a_functional_model(name: str) -> None:
    arguments = {"labels": LABELS[name], "logits": LOGITS, "weights": weights_of(name)}
    for argument, value in arguments.items():
        given = {**arguments, argument: tf.keras.Input(value.shape[1:])}
        with pytest.raises(TypeError, match=rf"{argument} is a KerasTensor \(a placeholder"):
            getattr(keras_xent, name)(**given)


def test_wrong_arguments_of_one_function() -> None:
    with pytest.raises(TypeError, match="labels have dtype float32, expected class ids"):
        keras_xent.sparse_softmax_cross_entropy(labels=WEIGHTS, logits=LOGITS)
    for name in ("softmax_cross_entropy", "sparse_softmax_cross_entropy"):
        with pytest.raises(ValueError, match="axis is 2, expected an int in"):
            getattr(keras_xent, name)(labels=LABELS[name], logits=LOGITS, axis=2)


@every_function
def test_wrong_shapes_that_only_a_graph_knows(name: str) -> None:
    labels, weights = LABELS[name], weights_of(name)
    spec = [tf.TensorSpec(None, tf.as_dtype(each.dtype)) for each in (labels, LOGITS, weights)]

    @tf.function(input_signature=spec, autograph=False)
    def function(labels: Any, logits: Any, weights: Any) -> Any:
        return ours(name, Reduction.SUM, labels, logits, weights)

    function(labels, LOGITS, weights)
    for wrong in (
        (labels[:3], LOGITS, weights),
        (labels, LOGITS[:3], weights),
        (labels, LOGITS, weights[:3]),
        # What TensorFlow would broadcast.
        (labels[:1], LOGITS, weights),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError):
            function(*wrong)
