"""What TF1 refuses is refused, in kind; nothing is broadcast in silence."""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Dict, Iterator

import numpy as np
import pytest
import tensorflow as tf
import tf1

import keras_xent

Case = Dict[str, Any]
LOGITS, LABELS = tf1.logits_of([2, 3]), tf1.one_hot_of([2, 3])
FUNCTIONS = [*tf1.LABELS, *tf1.NN]
placeholder = tf.compat.v1.placeholder


def named(name: str, labels: Any, logits: Any, **others: Any) -> Case:
    """The arguments by the names that the function has for them."""
    return {tf1.LABELS.get(name, "labels"): labels, "logits": logits, **others}


def refuses(kind: Any, functions: tf1.Functions, name: str, **arguments: Any) -> str:
    with pytest.raises(kind) as error:
        getattr(functions, name)(**arguments)
    return str(error.value)


def both_refuse(kind: Any, name: str, **arguments: Any) -> str:
    """That TF1 and we raise the same kind of error, eagerly and while a graph is built."""
    refuses(kind, tf1.THEIRS, name, **arguments)
    with tf.Graph().as_default():
        refuses(kind, tf1.THEIRS, name, **arguments)
        refuses(kind, tf1.OURS, name, **arguments)
    return refuses(kind, tf1.OURS, name, **arguments)


@pytest.mark.parametrize("name", tf1.LABELS)
@pytest.mark.parametrize("argument", ["labels", "logits", "weights", "reduction"])
def test_none_is_no_argument_of_a_loss(eager_backend: str, name: str, argument: str) -> None:
    if argument == "labels":
        argument = tf1.LABELS[name]
    arguments: Case = {**named(name, tf1.labels_of(name, [2, 3]), LOGITS), argument: None}
    message = both_refuse(ValueError, name, **arguments)
    assert message.startswith(f"{argument} is None")


@pytest.mark.parametrize("argument", ["losses", "weights", "reduction"])
def test_none_is_no_argument_of_compute_weighted_loss(argument: str) -> None:
    arguments: Case = {"losses": [1.0, 2.0], argument: None}
    message = both_refuse(ValueError, "compute_weighted_loss", **arguments)
    assert message.startswith(f"{argument} is None")


@pytest.mark.parametrize("name", tf1.NN)
@pytest.mark.parametrize("argument", ["labels", "logits"])
def test_none_is_no_argument_of_an_nn_function(
    eager_backend: str, name: str, argument: str
) -> None:
    arguments: Case = {"labels": tf1.labels_of(name, [2, 3]), "logits": LOGITS, argument: None}
    message = both_refuse(ValueError, name, **arguments)
    assert message.startswith(f"{argument} is None")


@pytest.mark.parametrize("reduction", ["mean", "auto", "avg", "", 3, 1.0, ["none"]], ids=repr)
def test_unknown_reductions_raise_an_error(reduction: Any) -> None:
    for name in tf1.LABELS:
        arguments = named(name, tf1.labels_of(name, [2, 3]), LOGITS, reduction=reduction)
        message = both_refuse(ValueError, name, **arguments)
        assert repr(reduction) in message
        assert "weighted_sum_by_nonzero_weights" in message
    both_refuse(ValueError, "compute_weighted_loss", losses=[1.0], reduction=reduction)


@pytest.mark.parametrize("shape", [[3], [1, 3], [2, 1], [2, 2], [2, 3, 1], []], ids=str)
def test_labels_of_another_shape_raise_an_error(eager_backend: str, shape: list[int]) -> None:
    for name in ("softmax_cross_entropy", "sigmoid_cross_entropy"):
        message = both_refuse(ValueError, name, **named(name, np.ones(shape), LOGITS))
        assert "(2, 3)" in message
    name = "sigmoid_cross_entropy_with_logits"
    message = both_refuse(ValueError, name, labels=np.ones(shape, np.float32), logits=LOGITS)
    assert "(2, 3)" in message


@pytest.mark.parametrize("shape", [[3], [1], [2, 3], [1, 2], [2, 1, 1], []], ids=str)
@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name.startswith("sparse")])
def test_ids_of_another_shape_raise_an_error(
    eager_backend: str, name: str, shape: list[int]
) -> None:
    arguments = named(name, np.ones(shape, np.int32), LOGITS)
    # Eagerly the kernel of TF1's op finds some of them.
    refuses((ValueError, tf.errors.InvalidArgumentError), tf1.THEIRS, name, **arguments)
    with tf.Graph().as_default():
        refuses(ValueError, tf1.THEIRS, name, **arguments)
        refuses(ValueError, tf1.OURS, name, **arguments)
    message = refuses(ValueError, tf1.OURS, name, **arguments)
    assert "(2, 3)" in message


UNFIT = [
    ([2], [1, 2]),
    ([2], [3]),
    ([2], [0]),
    ([2, 3], [2]),
    ([2, 3], [3]),
    ([2, 2], [2]),  # As long as both axes: no telling which was meant.
    ([2, 3], [1, 2, 3]),
    ([2, 3], [3, 2]),
]
# A last dimension of 1 too many, which the sparse loss alone drops.
COLUMNS = [([2], [2, 1]), ([2], [1, 1]), ([], [1])]


def unfit(name: str) -> list[Any]:
    return UNFIT if name.startswith("sparse") else UNFIT + COLUMNS


def inputs_for(name: str, shape: list[int]) -> Any:
    """Labels and logits with losses of that shape."""
    logits_shape = shape if name.startswith("sigmoid") else [*shape, 3]
    return tf1.labels_of(name, logits_shape), tf1.logits_of(logits_shape)


@pytest.mark.parametrize("name", tf1.LABELS)
def test_weights_that_do_not_fit_raise_an_error(name: str) -> None:
    for shape, weights_shape in unfit(name):
        labels, logits = inputs_for(name, shape)
        arguments = named(name, labels, logits, weights=np.ones(weights_shape, np.float32))
        # What TF1 can't squeeze is another error eagerly.
        refuses((ValueError, tf.errors.InvalidArgumentError), tf1.THEIRS, name, **arguments)
        with tf.Graph().as_default():
            refuses(ValueError, tf1.THEIRS, name, **arguments)
        for choice in ("auto", "portable"):
            keras_xent.set_backend(choice)
            with tf.Graph().as_default():
                refuses(ValueError, tf1.OURS, name, **arguments)
            message = refuses(ValueError, tf1.OURS, name, **arguments)
            assert message.startswith("weights cannot be broadcast to the losses")


def test_weights_that_do_not_fit_raise_an_error_by_compute_weighted_loss_too() -> None:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        losses, fed = placeholder(tf.float32, None), placeholder(tf.float32, None)
        loss = tf1.OURS.compute_weighted_loss(losses, fed)
        fetches = [loss, tf.gradients(loss, losses)[0]]
        for shape, weights_shape in UNFIT + COLUMNS:
            each, weights = np.ones(shape, np.float32), np.ones(weights_shape, np.float32)
            for fetch in fetches:
                with pytest.raises(tf.errors.InvalidArgumentError):
                    session.run(fetch, {losses: each, fed: weights})
    for shape, weights_shape in UNFIT + COLUMNS:
        each, weights = np.ones(shape, np.float32), np.ones(weights_shape, np.float32)
        both_refuse(ValueError, "compute_weighted_loss", losses=each, weights=weights)


@contextlib.contextmanager
def in_a_graph(name: str) -> Iterator[Callable[..., None]]:
    """Holds that our function and its gradient raise an error for labels, logits and weights.

    The graph knows no shape. It runs with inputs that fit.
    """
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        labels = placeholder(tf.int32 if name.startswith("sparse") else tf.float32, None)
        logits, weights = placeholder(tf.float32, None), placeholder(tf.float32, None)
        arguments = named(name, labels, logits)
        if name in tf1.LABELS:
            arguments["weights"] = weights
        loss = getattr(tf1.OURS, name)(**arguments)
        # The gradient alone must not be had either: training fetches nothing else.
        fetches = [loss, *tf.gradients(loss, logits)]

        def refused(*given: Any) -> None:
            feed = dict(zip((labels, logits, weights), given))
            for fetch in fetches:
                with pytest.raises(tf.errors.InvalidArgumentError):
                    session.run(fetch, feed)
                    pytest.fail(f"{fetch.name} has a value: {given}")

        # One by one: a session optimizes a graph for every set of fetches.
        fitting = {labels: tf1.labels_of(name, [2, 3]), logits: LOGITS, weights: 1.0}
        for fetch in fetches:
            session.run(fetch, fitting)
        yield refused


def labels_shapes(name: str) -> list[list[int]]:
    """Shapes that don't fit logits of shape [2, 3]."""
    if name.startswith("sparse"):
        return [[3], [1], [2, 3], [1, 2], [2, 1, 1], []]
    if name.startswith("softmax_cross_entropy_with"):  # They broadcast the others, as TF1's do.
        return [[4, 3], [2, 3, 1]]
    return [[4, 3], [2, 3, 1], [1, 3], [2, 1], [1, 1], [3]]


# The losses of examples are computed by the same ops, without weights. Softmax's older function has
# the newer one's shapes.
@pytest.mark.parametrize(
    ("choice", "name"),
    [
        *(("auto", name) for name in FUNCTIONS if name != "softmax_cross_entropy_with_logits"),
        *(("portable", name) for name in tf1.LABELS),
    ],
)
def test_what_does_not_fit_raises_an_error_at_run_time(choice: str, name: str) -> None:
    keras_xent.set_backend(choice)
    with in_a_graph(name) as refused:
        for shape in labels_shapes(name):
            refused(np.ones(shape), LOGITS, 1.0)
        if name in tf1.LABELS:
            for shape, weights_shape in unfit(name):
                labels, logits = inputs_for(name, shape)
                refused(labels, logits, np.ones(weights_shape))
        if not name.startswith("sigmoid"):
            refused(1, 1.0, 1.0)


@pytest.mark.parametrize(
    ("name", "axes"),
    [
        ("softmax_cross_entropy_with_logits_v2", {"axis": 1, "dim": 1}),
        ("softmax_cross_entropy_with_logits", {"axis": 1, "dim": 1}),
        # Its dim is -1 by default.
        ("softmax_cross_entropy_with_logits", {"axis": 1}),
    ],
)
def test_axis_and_dim_exclude_each_other(name: str, axes: dict[str, int]) -> None:
    message = both_refuse(ValueError, name, labels=LABELS, logits=LOGITS, **axes)
    assert message.startswith("axis is 1 and dim is ")
    assert ("dim is TF1's older name" if name.endswith("_v2") else "pass dim alone") in message


@pytest.mark.parametrize("axis", [2, 7, -3])
def test_an_axis_out_of_range_raises_an_error(axis: int) -> None:
    # TF1's eager error is another one, of an op that it uses.
    refuses(
        (ValueError, tf.errors.InvalidArgumentError),
        tf1.THEIRS,
        "softmax_cross_entropy_with_logits_v2",
        labels=LABELS,
        logits=LOGITS,
        axis=axis,
    )
    message = refuses(
        ValueError,
        tf1.OURS,
        "softmax_cross_entropy_with_logits_v2",
        labels=LABELS,
        logits=LOGITS,
        axis=axis,
    )
    assert str(axis) in message


@pytest.mark.parametrize("name", tf1.SMOOTHED)
@pytest.mark.parametrize("smoothing", ["0.1", None, [0.1]], ids=repr)
def test_a_smoothing_that_is_no_number_raises_an_error(name: str, smoothing: Any) -> None:
    both_refuse(TypeError, name, **named(name, LABELS, LOGITS, label_smoothing=smoothing))


@pytest.mark.parametrize("name", tf1.SMOOTHED)
def test_a_smoothing_that_the_graph_computes_raises_an_error(eager_backend: str, name: str) -> None:
    with tf.Graph().as_default():
        smoothing = placeholder(tf.float32, [])
        arguments = named(name, LABELS, LOGITS, label_smoothing=smoothing)
        refuses(TypeError, tf1.THEIRS, name, **arguments)
        message = refuses(TypeError, tf1.OURS, name, **arguments)
        assert "label_smoothing" in message
        assert "Python number" in message


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", ["int32", "bool", "complex64"])
def test_logits_that_are_not_floating_point_raise_an_error(
    eager_backend: str, name: str, dtype: str
) -> None:
    arguments = named(name, tf1.labels_of(name, [2, 3]), LOGITS.astype(dtype))
    kinds = (TypeError, ValueError, tf.errors.InvalidArgumentError, tf.errors.NotFoundError)
    refuses(kinds, tf1.THEIRS, name, **arguments)
    message = refuses(TypeError, tf1.OURS, name, **arguments)
    assert dtype in message


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if not name.startswith("sigmoid")])
def test_scalar_logits_raise_an_error(eager_backend: str, name: str) -> None:
    with pytest.raises(ValueError, match="scalar"):
        getattr(tf1.OURS, name)(**named(name, 1, 1.0))


@pytest.mark.parametrize("name", tf1.LABELS)
def test_a_call_with_an_error_collects_nothing(name: str) -> None:
    with tf.Graph().as_default():
        with pytest.raises(ValueError, match="broadcast"):
            getattr(tf1.OURS, name)(tf1.labels_of(name, [2, 3]), LOGITS, [[[1.0]], [[1.0]]])
        assert tf.compat.v1.losses.get_losses() == []
