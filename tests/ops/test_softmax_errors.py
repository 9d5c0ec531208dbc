"""Wrong arguments: when they raise an error, and which."""

from __future__ import annotations

from typing import Any

import modes
import numpy as np
import pytest
import tensorflow as tf

from keras_xent import Reduction
from keras_xent.ops import softmax_cross_entropy

GOOD: dict[str, Any] = {"logits": np.zeros([2, 2, 3], "f"), "labels": np.zeros([2, 2, 3], "f")}


def call(**changes: Any) -> tf.Tensor:
    return softmax_cross_entropy(**{**GOOD, **changes})


@pytest.mark.parametrize(
    "logits", [[[1, 2]], np.array([[1, 2]]), [[True, False]], [[1j, 2j]]]
)
def test_logits_must_be_floating_point(logits: Any) -> None:
    with pytest.raises(TypeError, match=r"logits have dtype .*, expected one of .*cast them"):
        softmax_cross_entropy(logits, [[0, 1]])


@pytest.mark.parametrize("smoothing", ["0.1", None, True, [0.1], 1j, np.array([0.1])])
def test_the_smoothing_must_be_a_number(backend: str, smoothing: Any) -> None:
    with pytest.raises(TypeError, match=r"label_smoothing is .*, expected a number"):
        call(label_smoothing=smoothing)


@pytest.mark.parametrize("smoothing", [-0.1, 1.01, float("nan"), float("inf"), 2])
def test_the_smoothing_must_be_in_range(backend: str, smoothing: float) -> None:
    with pytest.raises(ValueError, match=r"expected a number in \[0, 1\]"):
        call(label_smoothing=smoothing)


@pytest.mark.parametrize(
    "smoothing", [0, 1, np.float32(0.5), np.int64(0), np.array(1.0), tf.constant(0.5)]
)
def test_numbers_of_other_types_will_do(smoothing: Any) -> None:
    found = softmax_cross_entropy([[0.0, 0.0, 0.0]], [[1, 0, 0]], label_smoothing=smoothing)
    np.testing.assert_allclose(found, np.log(3), rtol=1e-6)


@pytest.mark.parametrize("axis", [3, -4, 100])
def test_the_axis_must_be_one_of_the_logits(backend: str, axis: int) -> None:
    with pytest.raises(ValueError, match=rf"axis is {axis}, expected an int in \[-3, 3\)"):
        call(axis=axis)


def test_a_scalar_has_no_classes(backend: str) -> None:
    with pytest.raises(ValueError, match="logits are a scalar, expected rank 1 or more"):
        softmax_cross_entropy(1.0, 1.0)


@pytest.mark.parametrize("shape", [(2, 2, 1), (1, 2, 3), (2, 3), (3,), (), (2, 2, 4), (2, 2, 3, 1)])
def test_labels_are_never_broadcast(backend: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="logits and labels must have the same shape") as error:
        call(labels=np.zeros(shape, "f"))
    assert str(tf.TensorShape(shape)) in str(error.value)


@pytest.mark.parametrize("shape", [(2,), (1,), (3,), (2, 2, 1), (2, 3), (0,), (1, 1, 1)])
def test_weights_must_fit_the_losses(backend: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="weights cannot be broadcast to the losses"):
        call(weights=np.ones(shape, "f"))


@pytest.mark.parametrize("argument", ["logits", "labels", "weights"])
def test_none_raises_an_error(argument: str) -> None:
    with pytest.raises(ValueError, match="None"):
        call(**{argument: None})


def unknown(logits: Any, labels: Any) -> Any:
    return [tf.TensorSpec(logits), tf.TensorSpec(labels)]


@pytest.mark.parametrize(
    ("logits", "labels", "axis", "message"),
    [
        (None, [2, 3], 2, "axis is 2, expected an int in"),
        (None, [2, 3], -3, "axis is -3, expected an int in"),
        (None, [], -1, "logits are a scalar"),
        ([], None, -1, "logits are a scalar"),
        ([None, 3], [None, 4], -1, "must have the same shape"),
        ([None, 3], [2], -1, "must have the same shape"),
    ],
)
def test_what_a_trace_can_know_it_refuses(
    logits: Any, labels: Any, axis: int, message: str
) -> None:
    @tf.function(input_signature=unknown(logits, labels), autograph=False)
    def loss(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        return softmax_cross_entropy(logits, labels, axis=axis)

    with pytest.raises(ValueError, match=message):
        loss.get_concrete_function()


def with_gradients(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> list[tf.Tensor]:
    value = softmax_cross_entropy(logits, labels, weights, reduction=Reduction.SUM)
    return [value, *tf.gradients(value, [logits, weights])]


run_time_modes = pytest.mark.parametrize("mode", ["traced_unknown_shapes", "tf1_graph"])
# "auto" holds the other two.
both_backends = pytest.mark.parametrize("backend", ["auto", "portable"], indirect=True)
WRONG_WEIGHTS = [(2,), (2, 3), (2, 2, 1)]


@pytest.mark.parametrize(
    ("backend", "mode"),
    [("auto", "traced_unknown_shapes"), ("portable", "tf1_graph")],
    indirect=["backend"],
)
def test_what_a_trace_can_not_know_fails_when_the_graph_runs(backend: str, mode: str) -> None:
    run = modes.once(mode, with_gradients)
    for shape in WRONG_WEIGHTS:
        with pytest.raises(tf.errors.InvalidArgumentError):
            pytest.fail(f"{shape}: {run(*GOOD.values(), np.ones(shape, 'f'))}")
    for shape in [(2, 2, 1), (1, 2, 3), (3,), ()]:
        with pytest.raises(tf.errors.InvalidArgumentError):
            pytest.fail(f"{shape}: {run(GOOD['logits'], np.zeros(shape, 'f'), np.float32(1))}")
    for shape in [(), (2, 1), (2, 2)]:
        value, to_logits, to_weights = run(
            GOOD["logits"], GOOD["labels"] + 1 / 3, np.ones(shape, "f")
        )
        np.testing.assert_allclose(value, 4 * np.log(3), rtol=1e-6)
        assert to_logits.shape == (2, 2, 3)
        assert to_weights.shape == shape


@both_backends
@run_time_modes
def test_labels_of_as_many_numbers_in_another_shape_fail(backend: str, mode: str) -> None:
    """Of two reshapes one after the other TensorFlow drops the first, and what its shape needs."""
    run = modes.once(mode, softmax_cross_entropy)
    for shape in [(12,), (2, 3, 2), (4, 3)]:
        with pytest.raises(tf.errors.InvalidArgumentError):
            pytest.fail(f"{shape}: {run(GOOD['logits'], np.zeros(shape, 'f'))}")


@pytest.mark.parametrize(
    ("backend", "mode", "index"),
    [
        ("auto", "traced_unknown_shapes", 0),
        ("auto", "tf1_graph", 2),
        ("portable", "traced_unknown_shapes", 2),
        ("portable", "tf1_graph", 0),
    ],
    indirect=["backend"],
    ids=["auto-logits", "auto-weights", "portable-weights", "portable-logits"],
)
def test_each_gradient_alone_refuses_wrong_weights(backend: str, mode: str, index: int) -> None:
    """Where only a gradient is fetched, TensorFlow prunes the loss from the graph."""

    def gradient(*tensors: tf.Tensor) -> tf.Tensor:
        value = softmax_cross_entropy(*tensors, reduction=Reduction.SUM)
        return tf.gradients(value, tensors[index])[0]

    run = modes.once(mode, gradient)
    for shape in WRONG_WEIGHTS:
        with pytest.raises(tf.errors.InvalidArgumentError):
            pytest.fail(f"{shape}: {run(*GOOD.values(), np.ones(shape, 'f'))}")


@pytest.mark.parametrize(
    ("rank", "axis", "right", "wrong"),
    [
        (3, -1, (3, 4, 5), [((3, 4, 5), (4, 3, 5))]),
        (3, 1, (3, 5, 4), [((3, 5, 4), (2, 5, 6))]),
        (2, -1, (4, 5), [((4, 5), (1, 5)), ((1, 5), (4, 5))]),
        (None, -1, (3, 4, 5), [((3, 4, 5), (12, 5)), ((5,), ())]),
    ],
)
def test_labels_of_another_shape_fail_when_xla_compiles_what_was_traced_without_it(
    rank: Any, axis: int, right: tuple[int, ...], wrong: Any
) -> None:
    spec = tf.TensorSpec(None if rank is None else [None] * rank)
    inner = tf.function(
        lambda x, y: softmax_cross_entropy(x, y, axis=axis, reduction=Reduction.NONE),
        input_signature=[spec, spec],
        autograph=False,
    )
    inner.get_concrete_function()
    compiled = tf.function(lambda x, y: inner(x, y), jit_compile=True, autograph=False)
    assert compiled(tf.zeros(right), tf.zeros(right)).shape == np.delete(right, axis)
    for logits, labels in wrong:
        # ValueError while TensorFlow traces again, with the shapes that it knows now.
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
            pytest.fail(f"{labels}: {compiled(tf.zeros(logits), tf.zeros(labels))}")


@pytest.mark.parametrize(
    ("backend", "mode", "axis"),
    [("auto", "traced_unknown_shapes", 3), ("portable", "tf1_graph", -4)],
    indirect=["backend"],
)
def test_a_wrong_axis_fails_when_the_graph_runs(backend: str, mode: str, axis: int) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError):
        modes.MODES[mode](
            lambda logits, labels: softmax_cross_entropy(logits, labels, axis=axis), *GOOD.values()
        )
