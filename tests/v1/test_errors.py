"""What TF1 refuses is refused, in kind; nothing is broadcast in silence."""

from __future__ import annotations

from typing import Any, Dict, List

import numpy as np
import pytest
import tensorflow as tf
import tf1

Case = Dict[str, Any]
LOGITS, LABELS = tf1.logits_of([2, 3]), tf1.one_hot_of([2, 3])
placeholder = tf.compat.v1.placeholder


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


@pytest.mark.parametrize("argument", ["onehot_labels", "logits", "weights", "reduction"])
def test_none_is_no_argument_of_softmax_cross_entropy(backend: str, argument: str) -> None:
    arguments: Case = {"onehot_labels": LABELS, "logits": LOGITS, argument: None}
    message = both_refuse(ValueError, "softmax_cross_entropy", **arguments)
    assert message.startswith(f"{argument} is None")


@pytest.mark.parametrize("argument", ["losses", "weights", "reduction"])
def test_none_is_no_argument_of_compute_weighted_loss(argument: str) -> None:
    arguments: Case = {"losses": [1.0, 2.0], argument: None}
    message = both_refuse(ValueError, "compute_weighted_loss", **arguments)
    assert message.startswith(f"{argument} is None")


@pytest.mark.parametrize("argument", ["labels", "logits"])
def test_none_is_no_argument_of_the_nn_function(argument: str) -> None:
    arguments: Case = {"labels": LABELS, "logits": LOGITS, argument: None}
    message = both_refuse(ValueError, "softmax_cross_entropy_with_logits_v2", **arguments)
    assert message.startswith(f"{argument} is None")


@pytest.mark.parametrize("reduction", ["mean", "auto", "avg", "", 3, 1.0, ["none"]], ids=repr)
def test_unknown_reductions_are_refused(reduction: Any) -> None:
    message = both_refuse(
        ValueError,
        "softmax_cross_entropy",
        onehot_labels=LABELS,
        logits=LOGITS,
        reduction=reduction,
    )
    assert repr(reduction) in message
    assert "weighted_sum_by_nonzero_weights" in message
    both_refuse(ValueError, "compute_weighted_loss", losses=[1.0], reduction=reduction)


@pytest.mark.parametrize("shape", [[3], [1, 3], [2, 1], [2, 2], [2, 3, 1], []], ids=str)
def test_labels_of_another_shape_are_refused(backend: str, shape: List[int]) -> None:
    message = both_refuse(
        ValueError, "softmax_cross_entropy", onehot_labels=np.ones(shape), logits=LOGITS
    )
    assert "(2, 3)" in message


@pytest.mark.parametrize(
    ("shape", "weights_shape"),
    [
        ([2], [2, 1]),
        ([2], [1, 2]),
        ([2], [3]),
        ([2], [0]),
        ([2], [1, 1]),
        ([2, 3], [2]),
        ([2, 3], [3]),
        ([2, 2], [2]),  # As long as both axes: no telling which was meant.
        ([2, 3], [1, 2, 3]),
        ([2, 3], [3, 2]),
        ([], [1]),
    ],
    ids=str,
)
class TestWeightsThatDoNotFit:
    def test_are_refused_where_shapes_are_known(
        self, backend: str, shape: List[int], weights_shape: List[int]
    ) -> None:
        weights = np.ones(weights_shape, np.float32)
        logits, labels = tf1.logits_of([*shape, 3]), tf1.one_hot_of([*shape, 3])
        message = both_refuse(
            ValueError,
            "softmax_cross_entropy",
            onehot_labels=labels,
            logits=logits,
            weights=weights,
        )
        assert message.startswith("weights can not be broadcast to values")
        both_refuse(ValueError, "compute_weighted_loss", losses=logits[..., 0], weights=weights)

    def test_are_refused_at_run_time_where_they_are_not(
        self, backend: str, shape: List[int], weights_shape: List[int]
    ) -> None:
        logits, labels = tf1.logits_of([*shape, 3]), tf1.one_hot_of([*shape, 3])
        fed = {"logits:0": logits, "labels:0": labels, "weights:0": np.ones(weights_shape)}
        # The gradient alone must not be had either: training fetches nothing else.
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            tensor = placeholder(tf.float32, None, "logits")
            loss = tf1.OURS.softmax_cross_entropy(
                placeholder(tf.int32, None, "labels"),
                tensor,
                placeholder(tf.float32, None, "weights"),
            )
            for fetch in (loss, tf.gradients(loss, tensor)[0]):
                with pytest.raises(tf.errors.InvalidArgumentError):
                    session.run(fetch, fed)

    def test_are_refused_at_run_time_by_compute_weighted_loss_too(
        self, shape: List[int], weights_shape: List[int]
    ) -> None:
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            losses, weights = placeholder(tf.float32, None), placeholder(tf.float32, None)
            loss = tf1.OURS.compute_weighted_loss(losses, weights)
            for fetch in (loss, tf.gradients(loss, losses)[0]):
                with pytest.raises(tf.errors.InvalidArgumentError):
                    session.run(fetch, {losses: np.ones(shape), weights: np.ones(weights_shape)})


@pytest.mark.parametrize("shape", [[1, 3], [2, 1], [1, 1], [3], [4, 3], [2, 3, 1]], ids=str)
def test_labels_of_another_shape_are_refused_at_run_time(backend: str, shape: List[int]) -> None:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        labels, logits = placeholder(tf.float32, None), placeholder(tf.float32, None)
        functions = [tf1.OURS.softmax_cross_entropy]
        if shape in ([4, 3], [2, 3, 1]):  # the others it broadcasts, as TF1's does
            functions.append(tf1.OURS.softmax_cross_entropy_with_logits_v2)
        for function in functions:
            loss = function(labels, logits)
            for fetch in (loss, tf.gradients(loss, logits)[0]):
                with pytest.raises(tf.errors.InvalidArgumentError):
                    session.run(fetch, {labels: np.ones(shape), logits: LOGITS})


def test_axis_and_dim_exclude_each_other() -> None:
    message = both_refuse(
        ValueError,
        "softmax_cross_entropy_with_logits_v2",
        labels=LABELS,
        logits=LOGITS,
        axis=1,
        dim=1,
    )
    assert "axis" in message
    assert "dim" in message


@pytest.mark.parametrize("axis", [2, 7, -3])
def test_an_axis_out_of_range_is_refused(axis: int) -> None:
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


@pytest.mark.parametrize("smoothing", ["0.1", None, [0.1]], ids=repr)
def test_a_smoothing_that_is_no_number_is_refused(smoothing: Any) -> None:
    both_refuse(
        TypeError,
        "softmax_cross_entropy",
        onehot_labels=LABELS,
        logits=LOGITS,
        label_smoothing=smoothing,
    )


def test_a_smoothing_that_the_graph_computes_is_refused(backend: str) -> None:
    with tf.Graph().as_default():
        arguments = {
            "onehot_labels": LABELS,
            "logits": LOGITS,
            "label_smoothing": placeholder(tf.float32, []),
        }
        refuses(TypeError, tf1.THEIRS, "softmax_cross_entropy", **arguments)
        message = refuses(TypeError, tf1.OURS, "softmax_cross_entropy", **arguments)
        assert "label_smoothing" in message
        assert "Python number" in message


@pytest.mark.parametrize("dtype", ["int32", "bool", "complex64"])
def test_logits_that_are_not_floating_point_are_refused(backend: str, dtype: str) -> None:
    logits = LOGITS.astype(dtype)
    for name, labels in (
        ("softmax_cross_entropy", "onehot_labels"),
        ("softmax_cross_entropy_with_logits_v2", "labels"),
    ):
        arguments = {labels: LABELS, "logits": logits}
        refuses((TypeError, tf.errors.InvalidArgumentError), tf1.THEIRS, name, **arguments)
        message = refuses(TypeError, tf1.OURS, name, **arguments)
        assert dtype in message


@pytest.mark.parametrize("name", ["softmax_cross_entropy", "softmax_cross_entropy_with_logits_v2"])
def test_scalar_logits_are_refused(backend: str, name: str) -> None:
    function = getattr(tf1.OURS, name)
    with pytest.raises(ValueError, match="scalar"):
        function(1.0, 1.0)


def test_a_refused_call_collects_nothing() -> None:
    with tf.Graph().as_default():
        with pytest.raises(ValueError, match="broadcast"):
            tf1.OURS.softmax_cross_entropy(LABELS, LOGITS, [[1.0], [1.0]])
        assert tf.compat.v1.losses.get_losses() == []
