"""Which ops end up where: eagerly, in graphs, under XLA, and when the user forces one."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any, Callable

import modes
import numpy as np
import processes
import pytest
import tensorflow as tf
from tensorflow.python.framework.kernels import get_registered_kernels_for_op

import keras_xent
from keras_xent import Reduction
from keras_xent.ops import (
    dispatch,
    library,
    softmax,
    softmax_cross_entropy,
    sparse_softmax_cross_entropy,
)
from keras_xent.ops.spec import Spec

SPEC = Spec(-1, 0.1, Reduction.SUM)
LOGITS = np.random.default_rng(0).normal(size=(3, 5)).astype("f")
LABELS = np.eye(3, 5, dtype="f")

# AutoGraph would convert the steps, which takes longer than tracing them. It doesn't convert the
# public functions.
traced = functools.partial(tf.function, autograph=False)

needs_native = pytest.mark.skipif(library.problem() is not None, reason=str(library.problem()))


def step(logits: tf.Tensor) -> tf.Tensor:
    return dispatch.steps(softmax.OP).loss(SPEC, logits, tf.constant(LABELS), tf.constant(1.0))


def ops_in(function: Callable[..., Any], *arguments: Any) -> list[str]:
    """The types of all ops in a traced function and in the functions that it calls."""
    graph = function.get_concrete_function(*arguments).graph.as_graph_def()
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    return [node.op for node in nodes]


def native_ops(ops: list[str]) -> set[str]:
    return {op for op in ops if op.startswith("KerasXent>")}


@needs_native
def test_a_graph_holds_both() -> None:
    ops = ops_in(traced(step), tf.constant(LOGITS))
    assert native_ops(ops) == {"KerasXent>SoftmaxCrossEntropy"}
    assert "DeviceIndex" in ops
    assert "SoftmaxCrossEntropyWithLogits" in ops


@needs_native
def test_a_tf1_graph_holds_both() -> None:
    eager = step(tf.constant(LOGITS)).numpy()
    with tf.Graph().as_default() as graph:
        value = step(tf.constant(LOGITS))
        definition = graph.as_graph_def()
        ops = [node.op for f in definition.library.function for node in f.node_def]
        assert native_ops(ops) == {"KerasXent>SoftmaxCrossEntropy"}
        assert "SoftmaxCrossEntropyWithLogits" in ops
        with tf.compat.v1.Session() as session:
            np.testing.assert_allclose(session.run(value), eager, rtol=1e-6)


@pytest.mark.parametrize("backend", ["auto", "portable"], indirect=True)
def test_a_graph_for_xla_holds_what_xla_fuses(backend: str) -> None:
    ops = ops_in(traced(step, jit_compile=True), tf.constant(LOGITS))
    assert native_ops(ops) == set()
    assert not {"DeviceIndex", "SoftmaxCrossEntropyWithLogits"} & set(ops)
    assert "Log" in ops


@pytest.mark.parametrize("jit_compile", [False, True])
def test_the_portable_backend_leaves_no_native_op(jit_compile: bool) -> None:
    keras_xent.set_backend("portable")
    ops = ops_in(traced(step, jit_compile=jit_compile), tf.constant(LOGITS))
    assert native_ops(ops) == set()
    assert "DeviceIndex" not in ops


@needs_native
def test_the_native_backend_leaves_no_portable_op() -> None:
    keras_xent.set_backend("native")
    ops = ops_in(traced(step), tf.constant(LOGITS))
    assert native_ops(ops) == {"KerasXent>SoftmaxCrossEntropy"}
    assert not {"DeviceIndex", "SoftmaxCrossEntropyWithLogits", "Case"} & set(ops)


def dense(logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    return softmax_cross_entropy(logits, LABELS, weights, label_smoothing=0.1)


def sparse(logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    return sparse_softmax_cross_entropy(logits, [0, 1, 2], weights, ignore_class=1)


@needs_native
@pytest.mark.parametrize(
    ("mode", "loss"), [("traced", sparse), ("tf1_graph", dense)]
)
def test_in_graphs_the_native_backend_gives_what_auto_does(
    mode: str, loss: Callable[..., tf.Tensor]
) -> None:
    """Many tests run graphs of "auto" alone."""

    def derivatives(*inputs: tf.Tensor) -> list[tf.Tensor]:
        value = loss(*inputs)
        first = tf.gradients(value, inputs)
        return [value, *first, *tf.gradients(first[0] * inputs[0], inputs)]

    found = []
    for backend in ("auto", "native"):
        keras_xent.set_backend(backend)
        found.append(modes.MODES[mode](derivatives, LOGITS, np.array([1, 0, 2], "f")))
    for auto, native in zip(*found):
        np.testing.assert_array_equal(auto, native)


@needs_native
def test_the_native_backend_fails_under_xla() -> None:
    keras_xent.set_backend("native")
    with pytest.raises(tf.errors.InvalidArgumentError, match="KerasXent"):
        traced(step, jit_compile=True)(tf.constant(LOGITS))


@needs_native
def test_a_function_traced_before_xla_is_pruned_to_the_portable_ops() -> None:
    inner = traced(step)
    eager = inner(tf.constant(LOGITS))
    compiled = traced(lambda logits: inner(logits), jit_compile=True)(tf.constant(LOGITS))
    np.testing.assert_allclose(compiled, eager, rtol=1e-6)


def test_a_traced_function_keeps_its_backend() -> None:
    keras_xent.set_backend("portable")
    function = traced(step)
    function(tf.constant(LOGITS))
    keras_xent.set_backend("auto")
    assert native_ops(ops_in(function, tf.constant(LOGITS))) == set()


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
    steps = dispatch.steps(softmax.OP)
    for name, implementation in (("native", steps.native), ("portable", steps.portable)):
        monkeypatch.setattr(implementation, "loss", lambda *_, name=name: name)

    class Placed:
        pass

    tensor = Placed()
    tensor.device = device  # type: ignore[attr-defined]
    assert steps.loss(SPEC, tensor, tensor, tensor) == chosen  # type: ignore[arg-type]


@pytest.mark.parametrize("in_function", [False, True])
def test_no_tape_sees_a_step(backend: str, in_function: bool) -> None:
    def run(logits: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = step(logits)
        gradient = tape.gradient(value, logits)
        return tf.constant(gradient is None)

    assert (traced(run) if in_function else run)(tf.constant(LOGITS))


@functools.lru_cache(maxsize=None)
def with_gradients(scope: Any) -> tf.Graph:
    """A TF1 graph with a loss, and the gradients of logits and weights."""
    with tf.Graph().as_default() as graph:
        logits, labels, weights = (tf.compat.v1.placeholder(tf.float32) for _ in range(3))
        with tf.compat.v1.device(scope):
            loss = keras_xent.v1.softmax_cross_entropy(labels, logits, weights, 0.1)
            tf.gradients(loss, [logits, weights])
    return graph


def functions_nodes(graph: tf.Graph) -> list[Any]:
    return [node for f in graph.as_graph_def().library.function for node in f.node_def]


@needs_native
@pytest.mark.parametrize(
    ("scope", "kept"),
    [
        ("/gpu:0", "/device:GPU:0"),
        ("/job:ps/task:0/gpu:0", "/job:ps/task:0/device:GPU:0"),
        (tf.compat.v1.train.replica_device_setter(ps_tasks=1), "/job:worker"),
    ],
    ids=["gpu", "ps", "setter"],
)
def test_functions_keep_no_device_of_their_scope(scope: Any, kept: str) -> None:
    graph = with_gradients(scope)
    nodes = functions_nodes(graph)
    assert {node.device for node in nodes} == {"", "/device:CPU:0"}
    for node in nodes:
        assert node.op.startswith("KerasXent>") <= (node.device == "/device:CPU:0"), node.name
    conditionals = [op for op in graph.get_operations() if op.type in ("Case", "DeviceIndex")]
    assert len(conditionals) == 6
    assert {op.device for op in conditionals} == {kept}
    # An assertion's text.
    on_cpu = {node.op for node in nodes if node.device == "/device:CPU:0"}
    assert not {"SoftmaxCrossEntropyWithLogits", "Exp", "Mul", "Sub", "Sum"} & on_cpu


@needs_native
def test_a_graph_that_is_exported_without_devices_has_none_of_another_machine() -> None:
    graph = with_gradients("/job:ps/task:0/gpu:0")
    with graph.as_default():
        meta_graph = tf.compat.v1.train.export_meta_graph(clear_devices=True)
    with tf.Graph().as_default() as here:
        tf.compat.v1.train.import_meta_graph(meta_graph)
    devices = {op.device for op in here.get_operations()}
    assert devices | {node.device for node in functions_nodes(here)} == {"", "/device:CPU:0"}


kernels_of = functools.lru_cache(maxsize=None)(get_registered_kernels_for_op)


def fits(kernel: Any, node: Any) -> bool:
    """Whether a kernel's constraints allow a node's attributes."""
    return all(
        node.attr[constraint.name].type in constraint.allowed_values.list.type
        for constraint in kernel.constraint
        if node.attr[constraint.name].WhichOneof("value") == "type"
    )


@pytest.mark.skipif(
    not any(k.device_type == "GPU" for k in get_registered_kernels_for_op("Softmax").kernel),
    reason="this TensorFlow has no GPU kernels",
)
def test_what_a_gpu_runs_has_kernels_there() -> None:
    # Without allow_soft_placement TensorFlow moves nothing to the CPU.
    graph = with_gradients("/gpu:0").as_graph_def()
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    assert len(nodes) > 100
    missing = {
        (node.op, node.name)
        for node in nodes
        if not node.device.endswith("CPU:0")
        and not any(
            kernel.device_type in ("GPU", "DEFAULT") and fits(kernel, node)
            for kernel in kernels_of(node.op).kernel
        )
    }
    assert missing == set()


def test_a_session_runs_them_on_a_device_that_is_no_cpu() -> None:
    program = Path(__file__).with_name("other_device.py")
    environment = {**os.environ, "TF_XLA_FLAGS": "--tf_xla_enable_xla_devices"}
    environment["PYTHONPATH"] = str(Path(keras_xent.__file__).parents[1])
    printed = processes.printed_by([str(program)], env=environment)
    assert float(printed.rpartition(" ")[2]) < 1e-6
