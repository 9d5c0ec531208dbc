"""Many calls at once, from Python's threads and in one graph: each has the bits it has alone."""

from __future__ import annotations

import concurrent.futures
import contextlib
import itertools
import threading
from typing import Any, Iterator

import modes
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.eager import cancellation

import keras_xent
from keras_xent.ops import library

pytestmark = pytest.mark.skipif(library.problem() is not None, reason=str(library.problem()))

tf1 = tf.compat.v1
THREADS = 16


@pytest.fixture(autouse=True)
def workers() -> Iterator[None]:
    loaded = library.load()
    before = loaded.threads
    loaded.set_threads(3)
    yield
    loaded.set_threads(before)


def bits(results: Any) -> list[bytes]:
    flat = [each.numpy() if tf.is_tensor(each) else each for each in tf.nest.flatten(results)]
    return [each.tobytes() for each in flat]


def with_gradient(loss: str, reduction: str, logits: tf.Tensor, labels: tf.Tensor) -> list[Any]:
    if loss.startswith("sparse"):
        labels = tf.argmax(labels, axis=-1)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = getattr(keras_xent, loss)(labels=labels, logits=logits, reduction=reduction)
    return [value, tape.gradient(value, logits)]


def every_loss(logits: tf.Tensor, labels: tf.Tensor) -> list[Any]:
    half, double = tf.float16, tf.float64
    return [
        *with_gradient("softmax_cross_entropy", "mean", logits, labels),
        *with_gradient(
            "sparse_softmax_cross_entropy", "none", tf.cast(logits, half), tf.cast(labels, half)
        ),
        *with_gradient(
            "sigmoid_cross_entropy", "sum", tf.cast(logits, double), tf.cast(labels, double)
        ),
    ]


@pytest.mark.parametrize("mode", ["eager", "traced_unknown_shapes", "tf1_graph"])
def test_many_threads_get_the_bits_that_one_gets(mode: str) -> None:
    rng = np.random.default_rng(1)
    # On both sides of the size from which the library has memory of its own.
    shapes = [(1, 3), (40, 1000), (7, 33), (160, 1000)]
    inputs = [rng.normal(size=(2, *shape)).astype("f") for shape in shapes]
    run = modes.once(mode, every_loss)
    alone = [bits(run(*each)) for each in inputs]
    start = threading.Barrier(THREADS)

    def call(thread: int) -> bool:
        start.wait()
        order = [(thread + each) % len(inputs) for each in range(2 * len(inputs))]
        return all(bits(run(*inputs[each])) == alone[each] for each in order)

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(call, range(THREADS))) == [True] * THREADS


LOSSES = ["softmax_cross_entropy", "sparse_softmax_cross_entropy", "sigmoid_cross_entropy"]
REDUCTIONS = ["none", "sum", "mean", "mean_with_sample_weight", "sum_by_nonzero_weights"]
DTYPES = [tf.float16, tf.bfloat16, tf.float32, tf.float64]
MANY = list(itertools.product(LOSSES, REDUCTIONS, DTYPES))[:50]


def many_losses(logits: tf.Tensor, labels: tf.Tensor) -> list[Any]:
    return [
        with_gradient(loss, reduction, tf.cast(logits, dtype), tf.cast(labels, dtype))
        for loss, reduction, dtype in MANY
    ]


def test_many_losses_of_one_graph_have_the_bits_that_each_has_alone() -> None:
    keras_xent.set_backend("native")  # else each loss has two branches to trace
    arrays = np.random.default_rng(2).normal(size=(2, 60, 1000)).astype("f")
    tensors = [tf.constant(array) for array in arrays]
    alone = bits(many_losses(*tensors))
    assert len(alone) == 2 * len(MANY)
    function = tf.function(many_losses, autograph=False).get_concrete_function(*tensors)
    assert [bits(function(*tensors)) for _ in range(3)] == [alone] * 3
    # The same graph in a session that runs this many losses at once.
    config = tf1.ConfigProto(inter_op_parallelism_threads=8, use_per_session_threads=True)
    with tf1.Session(graph=function.graph, config=config) as session:
        feed = {tensor.name: array for tensor, array in zip(function.inputs, arrays)}
        names = [tensor.name for tensor in function.outputs]
        found = [bits(session.run(names, feed)) for _ in range(3)]
    assert found == [alone] * 3


def loss_of(rows: tf.Tensor) -> tf.Tensor:
    logits = tf.random.stateless_normal([rows, 1000], [1, 2])
    return keras_xent.softmax_cross_entropy(labels=tf.nn.softmax(logits), logits=logits)


@pytest.mark.parametrize("milliseconds", [1, 20])
def test_a_session_that_runs_out_of_time_gives_an_error_or_the_value(milliseconds: int) -> None:
    with tf.Graph().as_default():
        rows = tf1.placeholder(tf.int32, [])
        loss = loss_of(rows)
        with tf1.Session() as session:
            few, many = session.run(loss, {rows: 50}), session.run(loss, {rows: 4000})
            options = tf1.RunOptions(timeout_in_ms=milliseconds)
            with contextlib.suppress(tf.errors.DeadlineExceededError):
                assert session.run(loss, {rows: 4000}, options=options) == many
            assert session.run(loss, {rows: 50}) == few


def test_a_call_that_is_cancelled_gives_an_error_or_the_value() -> None:
    signature = [tf.TensorSpec([], tf.int32)]
    function = tf.function(loss_of, input_signature=signature, autograph=False)
    few, many = function(50), function(4000)
    for seconds in (0.0, 0.01, 0.05):
        manager = cancellation.CancellationManager()
        call = manager.get_cancelable_function(function.get_concrete_function())
        threading.Timer(seconds, manager.start_cancel).start()
        with contextlib.suppress(tf.errors.CancelledError):
            assert call(tf.constant(4000)) == many
        assert function(50) == few
    # One that is cancelled at once always gives the error.
    manager = cancellation.CancellationManager()
    call = manager.get_cancelable_function(function.get_concrete_function())
    manager.start_cancel()
    with pytest.raises(tf.errors.CancelledError):
        call(tf.constant(4000))
    assert function(50) == few
