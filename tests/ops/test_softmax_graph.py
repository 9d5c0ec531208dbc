"""Which ops a loss leaves in a graph, and what it keeps in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
import tensorflow as tf

import keras_xent
from keras_xent import Reduction
from keras_xent.ops import library, softmax_cross_entropy
from keras_xent.ops.dispatch import Dispatched

needs_native = pytest.mark.skipif(library.problem() is not None, reason=str(library.problem()))

LOGITS = np.random.default_rng(0).normal(size=(6, 5)).astype("f")
LABELS = np.eye(6, 5, dtype="f")


def loss(logits: tf.Tensor) -> tf.Tensor:
    return softmax_cross_entropy(logits, tf.cast(LABELS, logits.dtype))


def gradient(logits: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = loss(logits)
    return tape.gradient(value, logits)


def native_ops(graph: Any) -> set[str]:
    definition = graph.as_graph_def()
    nodes = [*definition.node, *(n for f in definition.library.function for n in f.node_def)]
    return {node.op for node in nodes if node.op.startswith("KerasXent>")}


# The gradient of the weights wants it. Where nobody fetches that, TensorFlow prunes both.
OF_WEIGHTS = {"KerasXent>UnreducedSoftmaxCrossEntropy"}


def native_ops_of(function: Callable[..., Any], dtype: str = "float32", **options: Any) -> set[str]:
    traced = tf.function(function, autograph=False, **options)
    return native_ops(traced.get_concrete_function(tf.constant(LOGITS, dtype)).graph)


@needs_native
def test_without_a_gradient_the_op_has_no_backprop() -> None:
    assert native_ops_of(loss) == {"KerasXent>SoftmaxCrossEntropy"}


@needs_native
def test_with_a_gradient_the_backprop_is_kept_and_a_grad_of_one_costs_nothing() -> None:
    # No ScaleBackprop: the constant upstream gradient of 1 is seen while tracing.
    assert native_ops_of(gradient) - OF_WEIGHTS == {"KerasXent>SoftmaxCrossEntropyWithBackprop"}


@needs_native
def test_a_scaled_loss_scales_the_backprop() -> None:
    def scaled(logits: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = 3.0 * loss(logits)
        return tape.gradient(value, logits)

    assert native_ops_of(scaled) - OF_WEIGHTS == {
        "KerasXent>SoftmaxCrossEntropyWithBackprop",
        "KerasXent>ScaleBackprop",
    }


@needs_native
def test_unreduced_losses_have_their_own_ops() -> None:
    def unreduced(logits: tf.Tensor) -> tf.Tensor:
        return softmax_cross_entropy(logits, LABELS, reduction=Reduction.NONE)

    assert native_ops_of(unreduced) == {"KerasXent>UnreducedSoftmaxCrossEntropy"}


@needs_native
def test_float16_keeps_no_backprop() -> None:
    # It would underflow before a loss scale reaches it.
    assert native_ops_of(gradient, "float16") - OF_WEIGHTS == {
        "KerasXent>SoftmaxCrossEntropy",
        "KerasXent>SoftmaxCrossEntropyGrad",
    }
    assert "KerasXent>SoftmaxCrossEntropyWithBackprop" in native_ops_of(gradient, "bfloat16")


@needs_native
def test_a_gradient_that_was_not_foreseen_is_computed_again() -> None:
    with tf.Graph().as_default() as graph:
        logits = tf.constant(LOGITS)
        tf.gradients(loss(logits), logits)
        assert native_ops(graph) >= {
            "KerasXent>SoftmaxCrossEntropy",
            "KerasXent>SoftmaxCrossEntropyGrad",
        }


@pytest.mark.parametrize("function", [loss, gradient])
def test_under_xla_there_is_no_native_op(function: Callable[..., Any]) -> None:
    assert native_ops_of(function, jit_compile=True) == set()


@pytest.mark.parametrize("function", [loss, gradient])
def test_with_the_portable_backend_there_is_none(function: Callable[..., Any]) -> None:
    keras_xent.set_backend("portable")
    assert native_ops_of(function) == set()


def test_static_shapes_are_known() -> None:
    @tf.function(
        input_signature=[tf.TensorSpec([None, 4, 5]), tf.TensorSpec([7, None, None])],
        autograph=False,
    )
    def shapes(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            losses = softmax_cross_entropy(logits, labels, axis=1, reduction=Reduction.NONE)
            value = softmax_cross_entropy(logits, labels, axis=1)
        found.append(losses.shape.as_list())
        found.append(value.shape.as_list())
        found.append(tape.gradient(losses, logits).shape.as_list())
        return value

    found: list[Any] = []
    shapes.get_concrete_function()
    assert found == [[7, 5], [], [None, 4, 5]]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the steps that run."""
    names: list[str] = []
    run = Dispatched._run

    def recorded(steps: Dispatched, name: str, *arguments: Any) -> Any:
        names.append(name)
        return run(steps, name, *arguments)

    monkeypatch.setattr(Dispatched, "_run", recorded)
    return names


def test_eagerly_nothing_is_computed_that_is_not_wanted(steps: list[str]) -> None:
    logits = tf.constant(LOGITS)
    loss(logits)
    assert steps == ["loss"]
    steps.clear()
    gradient(logits)
    assert steps == ["loss_with_kept"]
    steps.clear()
    with tf.GradientTape() as tape:
        tape.watch(logits)
        doubled = 2.0 * softmax_cross_entropy(logits, LABELS)
    tape.gradient(doubled, logits)
    assert steps == ["loss_with_kept", "scale_backprop"]
    steps.clear()
    keras_xent.set_backend("portable")
    gradient(tf.constant(LOGITS, tf.float16))
    assert steps == ["loss_with_kept"]


@needs_native
def test_eagerly_native_float16_keeps_nothing(steps: list[str]) -> None:
    gradient(tf.constant(LOGITS, tf.float16))
    assert steps == ["loss_with_kept", "weighted_backprop"]


def test_eagerly_a_gradient_of_the_weights_needs_no_backprop(steps: list[str]) -> None:
    weights = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(weights)
        value = softmax_cross_entropy(LOGITS, LABELS, weights)
    tape.gradient(value, weights)
    assert steps == ["loss", "loss"]


def address(tensor: tf.Tensor) -> int:
    return np.asarray(memoryview(tensor)).__array_interface__["data"][0]


@needs_native
def test_eagerly_a_gradient_is_the_kept_backprop_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = []
    run = Dispatched._run

    def spied(steps: Dispatched, name: str, *arguments: Any) -> Any:
        result = run(steps, name, *arguments)
        kept.append(result[1] if name == "loss_with_kept" else result)
        return result

    monkeypatch.setattr(Dispatched, "_run", spied)
    found = gradient(tf.constant(LOGITS))
    assert address(found) == address(kept[0])


@needs_native
@pytest.mark.parametrize("rows", [6, None])
def test_a_training_step_runs_one_op_even_if_the_batch_size_is_unknown(rows: int | None) -> None:
    # An assertion is never pruned, and must not keep alive what else it depends on.
    signature = [tf.TensorSpec([rows, 4]), tf.TensorSpec([rows, 4]), tf.TensorSpec([rows])]

    @tf.function(input_signature=signature, autograph=False)
    def step(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = softmax_cross_entropy(logits, labels, weights)
        return value, tape.gradient(value, logits)

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        results = step(tf.ones([6, 4]), tf.ones([6, 4]) / 4, tf.ones([6]))
        metadata = tf.compat.v1.RunMetadata()
        options = tf.compat.v1.RunOptions(trace_level=tf.compat.v1.RunOptions.FULL_TRACE)
        session.run(results, options=options, run_metadata=metadata)
    nodes = [node for device in metadata.step_stats.dev_stats for node in device.node_stats]
    assert len([node for node in nodes if "= KerasXent>" in node.timeline_label]) == 1


def two_losses(logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Their arguments differ."""
    mean = softmax_cross_entropy(logits, LABELS, weights, reduction=Reduction.MEAN)
    return mean + softmax_cross_entropy(logits, LABELS, weights, label_smoothing=0.3)


class Saved(tf.Module):
    """Two losses as a SavedModel has them."""

    @tf.function(
        input_signature=[tf.TensorSpec([None, 5]), tf.TensorSpec([None])], autograph=False
    )
    def value(self, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return two_losses(logits, weights)


def test_a_saved_model_brings_the_gradient_without_a_warning_but_not_the_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tf.saved_model.save(Saved(), str(tmp_path))
    warned: list[Any] = []
    monkeypatch.setattr(tf.get_logger(), "handle", warned.append)
    loaded = tf.saved_model.load(str(tmp_path))
    assert [record.getMessage() for record in warned] == []

    inputs = [tf.constant(LOGITS), tf.constant([1.0, 0.0, 2.0, 0.5, 0.0, 1.0])]

    def gradients_by(function: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            value = function(*inputs)
        return tape.gradient(value, inputs)

    for found, expected in zip(gradients_by(loaded.value), gradients_by(two_losses)):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
    logits, weights = inputs
    with tf.GradientTape() as outer:
        outer.watch(logits)
        with tf.GradientTape() as inner:
            inner.watch(logits)
            value = loaded.value(logits, weights)
        with pytest.raises(LookupError, match="but not the second"):
            outer.gradient(inner.gradient(value, logits), logits)
