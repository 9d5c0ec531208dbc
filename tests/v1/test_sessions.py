"""TF1's ways to build, run and store a graph."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf1

import keras_xent
from keras_xent.ops import library

FEED: dict[str, np.ndarray] = {
    "logits:0": tf1.logits_of([4, 3]),
    "labels:0": tf1.one_hot_of([4, 3], "float32"),
    "weights:0": np.array([1, 0, 2, 0.5], np.float32),
}
LOSSES = [f"{name}_loss/value:0" for name in tf1.LABELS]
GRADIENT = "logits_gradient:0"
FETCHES = [*LOSSES, GRADIENT]

needs_native = pytest.mark.skipif(not tf1.has_native(), reason="the native library isn't there")


def build(functions: tf1.Functions, batch_size: int | None = None) -> None:
    logits = tf.compat.v1.placeholder(tf.float32, [batch_size, 3], "logits")
    labels = tf.compat.v1.placeholder(tf.float32, [batch_size, 3], "labels")
    weights = tf.compat.v1.placeholder(tf.float32, [batch_size], "weights")
    losses = [
        functions.softmax_cross_entropy(labels, logits, weights, 0.1),
        functions.sparse_softmax_cross_entropy(tf.argmax(labels, 1), logits, weights),
        functions.sigmoid_cross_entropy(labels, logits, weights[:, None], 0.1),
    ]
    (gradient,) = tf.gradients(losses, logits)
    tf.identity(gradient, GRADIENT[:-2])


@functools.lru_cache(maxsize=None)
def expected() -> list[Any]:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        build(tf1.THEIRS, 4)
        return list(session.run(FETCHES, FEED))


@pytest.fixture(scope="module")
def graphs() -> dict[str, tf.Graph]:
    """The graph of each backend, once it is built."""
    return {}


def graph_of(backend: str, graphs: dict[str, tf.Graph]) -> tf.Graph:
    keras_xent.set_backend(backend)
    if backend not in graphs:
        with tf.Graph().as_default() as graphs[backend]:
            build(tf1.OURS)
    return graphs[backend]


@pytest.fixture
def graph(graphs: dict[str, tf.Graph]) -> tf.Graph:
    """With "auto" the native ops run, next to the others."""
    return graph_of("auto", graphs)


def run(graph: tf.Graph, config: Any = None, target: str = "") -> list[Any]:
    with tf.compat.v1.Session(target, graph, config) as session:
        return list(session.run(FETCHES, FEED))


CONFIGS = {
    "one thread": {
        "intra_op_parallelism_threads": 1,
        "inter_op_parallelism_threads": 1,
        "log_device_placement": True,
    },
    "no optimizer": {
        "graph_options": tf.compat.v1.GraphOptions(
            optimizer_options=tf.compat.v1.OptimizerOptions(
                opt_level=tf.compat.v1.OptimizerOptions.L0
            )
        )
    },
    "xla where it likes": {
        "graph_options": tf.compat.v1.GraphOptions(
            optimizer_options=tf.compat.v1.OptimizerOptions(
                global_jit_level=tf.compat.v1.OptimizerOptions.ON_2
            )
        )
    },
}


@pytest.mark.parametrize(
    ("choice", "name"),
    [
        *(("auto", name) for name in CONFIGS),
        *(("portable", name) for name in ("no optimizer", "xla where it likes")),
        # XLA may cluster around an op that it has not.
        pytest.param("native", "xla where it likes", marks=needs_native),
    ],
)
def test_sessions_of_any_configuration_run_it(
    choice: str, name: str, graphs: dict[str, tf.Graph]
) -> None:
    config = tf.compat.v1.ConfigProto(**CONFIGS[name])
    tf1.assert_same(run(graph_of(choice, graphs), config), expected())


def test_a_session_on_a_server_runs_it(graph: tf.Graph) -> None:
    server = tf.distribute.Server.create_local_server()
    tf1.assert_same(run(graph, target=server.target), expected())


@pytest.mark.parametrize(
    ("choice", "device"),
    [("auto", "/gpu:0"), ("native", "/gpu:0"), ("portable", "/gpu:0")],
)
def test_a_device_scope_does_not_matter_to_the_result(choice: str, device: str) -> None:
    if choice == "native" and not tf1.has_native():
        pytest.skip("the native library isn't there")
    keras_xent.set_backend(choice)
    # Where shapes are unknown, portable checks have a device of their own.
    batch_size = None if choice == "portable" else 4
    with tf.Graph().as_default() as graph, tf.device(device):
        build(tf1.OURS, batch_size)
    config = tf.compat.v1.ConfigProto(allow_soft_placement=True)
    tf1.assert_same(run(graph, config), expected())


def test_the_graph_has_the_ops_of_its_backend(backend: str, graphs: dict[str, tf.Graph]) -> None:
    graph_def = graph_of(backend, graphs).as_graph_def()
    native, has_native = tf1.native_ops(graph_def), backend != "portable" and tf1.has_native()
    assert ("KerasXent>SoftmaxCrossEntropy" in native) == has_native
    assert ("KerasXent>SoftmaxCrossEntropyGrad" in native) == has_native
    if not has_native:
        assert native == []
    # Next to them with "auto".
    portable = "SoftmaxCrossEntropyWithLogits" in tf1.op_types(graph_def)
    assert portable == (backend != "native")


# What the portable backend runs for each loss.
PORTABLE_OPS = {
    "softmax_cross_entropy": "SoftmaxCrossEntropyWithLogits",
    "sparse_softmax_cross_entropy": "SparseSoftmaxCrossEntropyWithLogits",
    "sigmoid_cross_entropy": "Log1p",
}


@needs_native
@pytest.mark.parametrize("name", PORTABLE_OPS)
def test_on_a_cpu_the_native_ops_are_what_runs(name: str) -> None:
    stem = "".join(word.title() for word in name.split("_"))
    if not hasattr(library.load().ops, f"keras_xent_{name}_grad"):
        pytest.skip(f"the library has no {stem}")
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        logits = tf.compat.v1.placeholder_with_default(FEED["logits:0"], [None, 3])
        loss = getattr(tf1.OURS, name)(tf1.labels_of(name, [4, 3]), logits)
        options = tf.compat.v1.RunOptions(trace_level=tf.compat.v1.RunOptions.FULL_TRACE)
        metadata = tf.compat.v1.RunMetadata()
        fetches = [loss, *tf.gradients(loss, logits)]
        session.run(fetches, options=options, run_metadata=metadata)
    ran = [
        node.timeline_label.split(" = ")[-1].split("(")[0]
        for device in metadata.step_stats.dev_stats
        for node in device.node_stats
    ]
    assert sum(op.startswith(f"KerasXent>{stem}") for op in ran) >= 2
    assert PORTABLE_OPS[name] not in ran


def test_a_graph_survives_being_written_and_imported(graph: tf.Graph, tmp_path: Path) -> None:
    path = tf.io.write_graph(graph, str(tmp_path), "graph.pb", as_text=False)
    graph_def = tf.compat.v1.GraphDef()
    graph_def.ParseFromString(Path(path).read_bytes())
    with tf.Graph().as_default() as imported:
        tf.import_graph_def(graph_def, name="")
    tf1.assert_same(run(imported), expected())


@pytest.mark.parametrize("choice", ["auto", "portable"])
def test_a_part_of_a_graph_can_be_frozen_and_imported_under_a_prefix(choice: str) -> None:
    keras_xent.set_backend(choice)
    with tf.Graph().as_default() as graph, tf.compat.v1.Session() as session:
        scale = tf.compat.v1.get_variable("scale", initializer=1.0, use_resource=False)
        logits = tf.compat.v1.placeholder(tf.float32, [None, 3], "logits")
        labels = tf.compat.v1.placeholder(tf.float32, [None, 3], "labels")
        weights = tf.constant([1.0, 0.0, 2.0, 0.5])
        tf1.OURS.softmax_cross_entropy(labels, logits * scale, weights, 0.1)
        ids = tf.argmax(labels, 1)
        tf1.OURS.sparse_softmax_cross_entropy(ids, logits * scale, weights)
        tf1.OURS.sigmoid_cross_entropy(labels, logits * scale, weights[:, None], 0.1)
        session.run(tf.compat.v1.global_variables_initializer())
        frozen = tf.compat.v1.graph_util.convert_variables_to_constants(
            session, graph.as_graph_def(), [name[:-2] for name in LOSSES]
        )
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.import_graph_def(frozen, name="frozen")
        feed = {f"frozen/{name}": FEED[name] for name in ("logits:0", "labels:0")}
        found = session.run([f"frozen/{name}" for name in LOSSES], feed)
        tf1.assert_same(found, expected()[:-1])


def test_a_meta_graph_brings_back_loss_collection_and_training_step(
    graph: tf.Graph, tmp_path: Path
) -> None:
    path = str(tmp_path / "graph.meta")
    with graph.as_default():
        tf.compat.v1.train.export_meta_graph(path)
    with tf.Graph().as_default() as imported:
        tf.compat.v1.train.import_meta_graph(path)
        names = [loss.name for loss in tf.compat.v1.losses.get_losses()]
    assert names == LOSSES
    tf1.assert_same(run(imported), expected())


def test_monitored_sessions_finalize_the_graph_and_run_it(graph: tf.Graph) -> None:
    # A copy, because other tests may add to the graph.
    with tf.Graph().as_default() as copy:
        tf.import_graph_def(graph.as_graph_def(), name="")
        with tf.compat.v1.train.MonitoredTrainingSession() as session:
            assert copy.finalized
            tf1.assert_same(session.run(FETCHES, FEED), expected())


_CONSTANTS = """
import tensorflow as tf
import keras_xent
for backend in ("auto", "native"):
    keras_xent.set_backend(backend)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        logits = tf.constant([[1.0, 2.0], [0.0, 3.0]])
        loss = keras_xent.v1.softmax_cross_entropy(tf.constant([[1, 0], [0, 1]]), logits)
        value, gradient = session.run([loss, tf.gradients(loss, logits)[0]])
        print(f"{value:.4f} {gradient[0, 0]:.4f}")
"""


@needs_native
def test_a_graph_of_constants_can_be_folded() -> None:
    # In a process of its own: TensorFlow folds constants by running the kernels without a
    # session, and a kernel that asks for one takes the process down.
    assert tf1.run_python(_CONSTANTS) == "0.6809 -0.3655\n" * 2
