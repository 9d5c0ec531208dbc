"""Which ops end up where: eagerly, in graphs, under XLA, and when the user forces one."""

from __future__ import annotations

from typing import Any, Callable, List, Set

import numpy as np
import pytest
import tensorflow as tf

import keras_xent
from keras_xent import Reduction
from keras_xent.ops import dispatch, library
from keras_xent.ops.spec import Spec

SPEC = Spec(-1, 0.1, Reduction.SUM)
LOGITS = np.random.default_rng(0).normal(size=(3, 5)).astype("f")
LABELS = np.eye(3, 5, dtype="f")

needs_native = pytest.mark.skipif(library.problem() is not None, reason=str(library.problem()))


def step(logits: tf.Tensor) -> tf.Tensor:
    return dispatch.run("loss", SPEC, logits, tf.constant(LABELS), tf.constant(1.0))


def ops_in(function: Callable[..., Any], *arguments: Any) -> List[str]:
    """The types of all ops in a traced function and in the functions that it calls."""
    graph = function.get_concrete_function(*arguments).graph.as_graph_def()
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    return [node.op for node in nodes]


def native_ops(ops: List[str]) -> Set[str]:
    return {op for op in ops if op.startswith("KerasXent>")}


@needs_native
def test_a_graph_holds_both() -> None:
    ops = ops_in(tf.function(step), tf.constant(LOGITS))
    assert native_ops(ops) == {"KerasXent>SoftmaxCrossEntropy"}
    assert "DeviceIndex" in ops
    assert "Log1p" in ops


@needs_native
def test_a_tf1_graph_holds_both() -> None:
    eager = step(tf.constant(LOGITS)).numpy()
    with tf.Graph().as_default() as graph:
        value = step(tf.constant(LOGITS))
        definition = graph.as_graph_def()
        ops = [node.op for f in definition.library.function for node in f.node_def]
        assert native_ops(ops) == {"KerasXent>SoftmaxCrossEntropy"}
        assert "Log1p" in ops
        with tf.compat.v1.Session() as session:
            np.testing.assert_allclose(session.run(value), eager, rtol=1e-6)


def test_a_graph_for_xla_holds_portable_ops_alone() -> None:
    ops = ops_in(tf.function(step, jit_compile=True), tf.constant(LOGITS))
    assert native_ops(ops) == set()
    assert "DeviceIndex" not in ops
    assert "Log1p" in ops


@pytest.mark.parametrize("jit_compile", [False, True])
def test_the_portable_backend_leaves_no_native_op(jit_compile: bool) -> None:
    keras_xent.set_backend("portable")
    ops = ops_in(tf.function(step, jit_compile=jit_compile), tf.constant(LOGITS))
    assert native_ops(ops) == set()
    assert "DeviceIndex" not in ops


@needs_native
def test_the_native_backend_leaves_no_portable_op() -> None:
    keras_xent.set_backend("native")
    ops = ops_in(tf.function(step), tf.constant(LOGITS))
    assert native_ops(ops) == {"KerasXent>SoftmaxCrossEntropy"}
    assert not {"DeviceIndex", "Log1p", "Case"} & set(ops)


@needs_native
def test_the_native_backend_fails_under_xla() -> None:
    keras_xent.set_backend("native")
    with pytest.raises(tf.errors.InvalidArgumentError, match="KerasXent"):
        tf.function(step, jit_compile=True)(tf.constant(LOGITS))


@needs_native
def test_a_function_traced_before_xla_is_pruned_to_the_portable_ops() -> None:
    inner = tf.function(step)
    eager = inner(tf.constant(LOGITS))
    compiled = tf.function(lambda logits: inner(logits), jit_compile=True)(tf.constant(LOGITS))
    np.testing.assert_allclose(compiled, eager, rtol=1e-6)


def test_a_traced_function_keeps_its_backend() -> None:
    keras_xent.set_backend("portable")
    traced = tf.function(step)
    traced(tf.constant(LOGITS))
    keras_xent.set_backend("auto")
    assert native_ops(ops_in(traced, tf.constant(LOGITS))) == set()


@needs_native
@pytest.mark.parametrize(
    ("backend", "device", "chosen"),
    [
        ("auto", "/job:localhost/replica:0/task:0/device:CPU:0", "native"),
        ("auto", "/job:localhost/replica:0/task:0/device:GPU:0", "portable"),
        ("auto", "/job:worker/replica:0/task:1/device:CPU:3", "native"),
        ("auto", "/job:worker/replica:0/task:0/device:TPU:0", "portable"),
        ("native", "/job:localhost/replica:0/task:0/device:GPU:0", "native"),
        ("portable", "/job:localhost/replica:0/task:0/device:CPU:0", "portable"),
    ],
)
def test_eagerly_the_first_tensors_device_decides(
    monkeypatch: pytest.MonkeyPatch, backend: str, device: str, chosen: str
) -> None:
    keras_xent.set_backend(backend)
    for implementation in (dispatch.native, dispatch.portable):
        name = implementation.__name__.rpartition(".")[2]
        monkeypatch.setattr(implementation, "loss", lambda *_, name=name: name)

    class Placed:
        pass

    tensor = Placed()
    tensor.device = device  # type: ignore[attr-defined]
    assert dispatch.run("loss", SPEC, tensor) == chosen


@pytest.mark.parametrize("traced", [False, True])
def test_no_tape_sees_a_step(backend: str, traced: bool) -> None:
    def run(logits: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = step(logits)
        gradient = tape.gradient(value, logits)
        return tf.constant(gradient is None)

    assert (tf.function(run) if traced else run)(tf.constant(LOGITS))
