"""What is the sparse loss's own: ids, their dtype, their range, and TF's examples."""

from __future__ import annotations

import functools
from typing import Any, Callable

import modes
import numpy as np
import pytest
import tensorflow as tf
import tf1

import keras_xent

LOGITS = tf1.logits_of([4, 3])
FUNCTIONS = ["sparse_softmax_cross_entropy", "sparse_softmax_cross_entropy_with_logits"]


def test_the_examples_of_tensorflows_documentation(eager_backend: str) -> None:
    # https://www.tensorflow.org/api_docs/python/tf/nn/sparse_softmax_cross_entropy_with_logits
    logits = tf.constant([[2, -5, 0.5, -0.1], [0, 0, 1.9, 1.4], [-100, 100, -100, -100]])
    labels = tf.constant([0, 3, 1])
    losses = tf1.OURS.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    np.testing.assert_allclose(losses, [0.29750752, 1.1448325, 0.0], rtol=1e-6)
    tf1.assert_same(
        [tf1.OURS.sparse_softmax_cross_entropy(labels, logits)],
        [tf1.THEIRS.sparse_softmax_cross_entropy(labels, logits)],
    )


def in_session(function: Callable[..., Any]) -> list[Callable[..., Any]]:
    """Fetches each result of the function alone."""
    with tf.Graph().as_default() as graph:
        fed = [
            tf.compat.v1.placeholder(dtype, shape)
            for dtype, shape in ((tf.int32, [4]), (tf.float32, [4, 3]), (tf.float32, [4]))
        ]
        results = function(*fed)
    session = tf.compat.v1.Session(graph=graph)
    return [
        lambda *inputs, result=result: session.run(result, dict(zip(fed, inputs)))
        for result in results
    ]


@pytest.mark.parametrize("choice", ["auto", "portable"])
@pytest.mark.parametrize("mode", ["eager", "traced", "traced_unknown_shapes", "tf1_graph"])
def test_an_id_out_of_range_is_an_error_on_a_cpu(choice: str, mode: str) -> None:
    keras_xent.set_backend(choice)
    by = tf1.by_tf_gradients if mode == "tf1_graph" else tf1.by_tape
    # The weight of the second example is 0.
    weights = np.array([1, 0, 1, 1], np.float32)

    def value_and_gradient(functions: tf1.Functions, ids: Any, logits: Any, weights: Any) -> Any:
        loss = functions.sparse_softmax_cross_entropy
        return by(lambda logits: loss(ids, logits, weights), logits)

    def alone(result: int) -> Any:
        return modes.once(mode, lambda *inputs: value_and_gradient(tf1.OURS, *inputs)[result])

    # To fetch the gradient alone must fail too.
    if mode == "tf1_graph":
        fetches = in_session(lambda *inputs: value_and_gradient(tf1.OURS, *inputs))
    else:
        fetches = [alone(0), alone(1)]
    for ours in fetches:
        ours(np.array([0, 1, 2, 1], np.int32), LOGITS, weights)
        for bad in (-1, 3, 2**31 - 1, -(2**31)):
            ids = np.array([0, bad, 2, 1], np.int32)
            with pytest.raises(tf.errors.InvalidArgumentError):
                ours(ids, LOGITS, weights)
            if mode == "eager":
                with pytest.raises(tf.errors.InvalidArgumentError):
                    value_and_gradient(tf1.THEIRS, ids, LOGITS, weights)


BAD_IDS = np.array([0, -1, 3, 1], np.int32)


def unreduced(functions: tf1.Functions, ids: Any, logits: Any) -> list[Any]:
    loss = functions.sparse_softmax_cross_entropy
    return tf1.by_tape(lambda logits: loss(ids, logits, reduction="none"), logits)


@functools.lru_cache(maxsize=None)
def theirs_under_xla() -> list[Any]:
    # TF1's function has conditionals that don't compile where ranks are unknown.
    return modes.compiled(functools.partial(unreduced, tf1.THEIRS), BAD_IDS, LOGITS)


@pytest.mark.parametrize("mode", ["compiled", "compiled_unknown_shapes", "traced before"])
def test_under_xla_it_is_nan_in_loss_and_gradient_of_its_example(mode: str) -> None:
    compute = functools.partial(unreduced, tf1.OURS)
    if mode == "traced before":
        compute, mode = tf.function(compute, autograph=False), "compiled"
        compute(tf1.ids_of([4, 3]), LOGITS)
    ours = modes.MODES[mode](compute, BAD_IDS, LOGITS)
    tf1.assert_same(ours, theirs_under_xla())
    assert np.isnan(ours[0]).tolist() == [False, True, True, False]
    assert np.isnan(ours[1]).any(1).tolist() == [False, True, True, False]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "bool"])
def test_labels_of_another_dtype_raise_an_error(eager_backend: str, name: str, dtype: str) -> None:
    labels = np.array([0, 1, 1, 0]).astype(dtype)
    for context in (tf.Graph().as_default(), tf.name_scope("eagerly")):
        with context:
            with pytest.raises((TypeError, ValueError, tf.errors.InvalidArgumentError)):
                getattr(tf1.THEIRS, name)(labels=labels, logits=LOGITS)
            with pytest.raises(TypeError, match=rf"{dtype}.*int32"):
                getattr(tf1.OURS, name)(labels=labels, logits=LOGITS)


def test_python_and_numpy_numbers_are_ids(eager_backend: str) -> None:
    for labels in ([0, 1, 2, 1], (0, 1, 2, 1), np.array([[0], [1], [2], [1]])):
        tf1.assert_same(
            [tf1.OURS.sparse_softmax_cross_entropy(labels, LOGITS)],
            [tf1.THEIRS.sparse_softmax_cross_entropy(labels, LOGITS)],
        )


def test_it_is_the_dense_loss_of_one_hot_labels(eager_backend: str) -> None:
    weights = [1.0, 0.0, 2.0, 0.5]
    dense = tf1.OURS.softmax_cross_entropy(tf1.one_hot_of([4, 3]), LOGITS, weights)
    sparse = tf1.OURS.sparse_softmax_cross_entropy(tf1.ids_of([4, 3]), LOGITS, weights)
    tf1.assert_same([sparse], [dense])


def test_columns_of_weights_beside_a_column_of_ids_do_not_spread(eager_backend: str) -> None:
    # Broadcast, [4, 1] beside [4] would make 16 losses.
    weights = np.float32([[1], [0], [2], [0.5]])
    losses = tf1.OURS.sparse_softmax_cross_entropy(
        tf1.ids_of([4, 3])[:, None], LOGITS, weights, reduction="none"
    )
    assert losses.shape == [4]
    assert losses[1] == 0


def test_a_scalar_id_beside_logits_of_unknown_rank_has_a_loss() -> None:
    # TF1 raises an IndexError.
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        logits = tf.compat.v1.placeholder(tf.float32)
        loss = tf1.OURS.sparse_softmax_cross_entropy(1, logits)
        found = session.run(loss, {logits: LOGITS[0]})
    tf1.assert_same([found], [tf1.THEIRS.sparse_softmax_cross_entropy(1, LOGITS[0])])
