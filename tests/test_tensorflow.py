"""The private symbols of TensorFlow that the package uses: named, used as they are, no more."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path
from typing import Iterator

import numpy as np
import pytest
import tensorflow as tf

import keras_xent
from keras_xent import _tensorflow

PACKAGE = Path(keras_xent.__file__).parent
PRIVATE_MODULES = (
    "tensorflow.python",
    "tensorflow.core",
    "tensorflow.compiler",
    "tensorflow.lite.python",
)

# What breaks without each.
USED = {
    ("tensorflow.python.eager", "record"): (
        "should_record_backprop: the native op could not know whether to keep the gradient; "
        "could_possibly_record, stop_recording and record_operation: eager gradients; "
        "record_operation_backprop_only and record_operation_forwardprop_only: verification "
        "would have to tell gradients from the tangents of forward accumulators"
    ),
    ("tensorflow.python.eager", "tape"): "the same in TF 2.12, where the module has this name",
    ("tensorflow.python.ops", "control_flow_ops"): (
        "get_enclosing_xla_context: a CPU-only op would be put into a graph that XLA compiles"
    ),
    ("tensorflow.python.ops.parallel_for.pfor", "_pfor_converter_registry"): (
        "tf.vectorized_map and jacobians of the loss would raise an error, and those of the "
        "portable backend would lose the explicit gradient"
    ),
    ("tensorflow.python.ops.parallel_for.pfor", "wrap"): "what a converter returns",
}


def private_imports(source: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PRIVATE_MODULES):
            for name in node.names:
                yield node.module or "", name.name
        elif isinstance(node, ast.Import):
            for name in node.names:
                if name.name.startswith(PRIVATE_MODULES):
                    yield name.name, ""


def private_attributes(source: str) -> list[str]:
    """Attribute chains such as tf.python.ops, and tf.__internal__."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and ast.unparse(node).startswith(("tf.python", "tensorflow.python"))
    ]


def test_private_imports_are_the_ones_named_here() -> None:
    source = Path(_tensorflow.__file__).read_text(encoding="utf-8")
    assert set(private_imports(source)) == set(USED)


def test_no_other_module_imports_private_tensorflow() -> None:
    others = [path for path in PACKAGE.rglob("*.py") if path.name != "_tensorflow.py"]
    assert len(others) > 10
    found = {
        str(path.relative_to(PACKAGE)): [*private_imports(text), *private_attributes(text)]
        for path in others
        for text in [path.read_text(encoding="utf-8")]
    }
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "name",
    [
        "should_record_backprop",
        "could_possibly_record",
        "stop_recording",
        "record_operation",
        "record_operation_backprop_only",
        "record_operation_forwardprop_only",
    ],
)
def test_the_tape_module_has(name: str) -> None:
    try:
        module = importlib.import_module("tensorflow.python.eager.record")
    except ImportError:
        module = importlib.import_module("tensorflow.python.eager.tape")
    assert callable(getattr(module, name))


def test_record_operation_takes_outputs_inputs_and_a_gradient_in_this_order() -> None:
    parameters = list(inspect.signature(_tensorflow._record.record_operation).parameters)
    assert parameters[:4] == ["op_type", "output_tensors", "input_tensors", "backward_function"]


def test_should_record_backprop_is_true_only_of_what_a_tape_watches() -> None:
    watched, other = tf.constant(1.0), tf.constant(2.0)
    assert not _tensorflow.should_record_backprop([watched])
    with tf.GradientTape() as tape:
        tape.watch(watched)
        assert _tensorflow.should_record_backprop([watched])
        assert _tensorflow.should_record_backprop([other, watched])
        assert not _tensorflow.should_record_backprop([other])
        with _tensorflow.stop_recording():
            assert not _tensorflow.should_record_backprop([watched])


def test_could_record_is_true_while_a_tape_or_an_accumulator_is_active() -> None:
    x = tf.constant(1.0)
    assert not _tensorflow.could_record()
    with tf.GradientTape():
        assert _tensorflow.could_record()
        with _tensorflow.stop_recording():
            assert not _tensorflow.could_record()
    with tf.autodiff.ForwardAccumulator(x, x):
        assert _tensorflow.could_record()
    assert not _tensorflow.could_record()


def test_stop_recording_hides_ops_from_a_tape() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        with _tensorflow.stop_recording():
            hidden = x * x
        total = hidden + x * 2.0
    assert float(tape.gradient(total, x)) == 2.0


def test_record_operation_gives_a_tape_the_gradient() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        with _tensorflow.stop_recording():
            y = x * x
        _tensorflow.record_operation("Test", [y], [x], lambda grad: [grad * 10.0])
    assert float(tape.gradient(y, x)) == 10.0


def test_a_gradient_and_a_tangent_are_recorded_each_for_itself() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape, tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as forward:
        tape.watch(x)
        with _tensorflow.stop_recording():
            y = x * x
        _tensorflow.record_gradient("Test", [y], [x], lambda grad: [grad * 10.0])
        assert forward.jvp(y) is None
        _tensorflow.record_tangent("Test", [y], [x], lambda grad: [grad * 100.0])
    assert float(forward.jvp(y)) == 100.0
    assert float(tape.gradient(y, x)) == 10.0


def test_tracing_for_xla() -> None:
    seen = {}

    def function(name: str) -> tf.Tensor:
        seen[name] = _tensorflow.tracing_for_xla()
        return tf.constant(0)

    tf.function(lambda: function("plain"))()
    tf.function(lambda: function("compiled"), jit_compile=True)()
    function("eager")
    assert seen == {"plain": False, "compiled": True, "eager": False}


def test_set_attribute_goes_into_files_and_functions_with_the_node() -> None:
    @tf.function
    def function(x: tf.Tensor) -> tf.Tensor:
        y = tf.identity(x)
        _tensorflow.set_attribute(y.op, "_keras_xent_test", "text")
        return y

    definition = function.get_concrete_function(tf.constant(1.0)).function_def
    assert b"text" in {node.attr["_keras_xent_test"].s for node in definition.node_def}
    with tf.Graph().as_default() as graph:
        _tensorflow.set_attribute(tf.constant(1.0, name="x").op, "_keras_xent_test", "text")
    with tf.Graph().as_default() as imported:
        tf.import_graph_def(graph.as_graph_def(), name="")
    assert imported.get_operation_by_name("x").get_attr("_keras_xent_test") == b"text"


def test_set_device_places_a_node_that_is_there() -> None:
    with tf.Graph().as_default():
        x = tf.constant(1.0)
        assert x.device == ""
        _tensorflow.set_device(x.op, "/job:worker/device:GPU:1")
        assert x.device == "/job:worker/device:GPU:1"
        _tensorflow.set_device(x.op, "")
        assert x.device == ""


def test_attribute_reads_what_set_attribute_wrote() -> None:
    with tf.Graph().as_default():
        x = tf.constant(1.0)
        assert _tensorflow.attribute(x.op, "_keras_xent_test") is None
        _tensorflow.set_attribute(x.op, "_keras_xent_test", "text")
        assert _tensorflow.attribute(x.op, "_keras_xent_test") == "text"


def test_a_converter_sees_the_inputs_of_all_iterations_and_others_keep_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = _tensorflow._pfor_converter_registry["Atan2"]
    monkeypatch.setitem(_tensorflow._pfor_converter_registry, "Atan2", before)
    seen = []

    def convert(
        node: tf.Operation, inputs: list[_tensorflow.Mapped], length: tf.Tensor
    ) -> list[_tensorflow.Mapped]:
        seen.append((node.type, [each.stacked for each in inputs], length.shape.as_list()))
        return [_tensorflow.Mapped(inputs[0].tensor * 100.0, True)]

    _tensorflow.convert_for_vectorized_map("Atan2", convert, only=lambda node: "ours" in node.name)
    x = tf.constant([1.0, 2.0])
    name = "ours"
    found = tf.vectorized_map(lambda each: tf.atan2(each, 1.0, name=name), x)
    np.testing.assert_array_equal(found, [100.0, 200.0])
    assert seen == [("Atan2", [True, False], [1])]
    name = "another"
    found = tf.vectorized_map(lambda each: tf.atan2(each, 1.0, name=name), x)
    np.testing.assert_allclose(found, tf.atan2(x, 1.0))


def test_set_last_loss_reduction_is_what_tf1s_optimizers_read() -> None:
    name = tf.compat.v1.losses.Reduction.SUM
    with tf.Graph().as_default() as graph:
        tf.compat.v1.losses.softmax_cross_entropy(np.eye(2), np.eye(2), reduction=name)
        theirs = graph._last_loss_reduction
        _tensorflow.set_last_loss_reduction("changed")
        assert graph._last_loss_reduction == "changed"
    assert theirs == name
