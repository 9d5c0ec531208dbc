"""Labels and logits of different shapes: TF1's values, and the gradients of what was broadcast."""

from __future__ import annotations

import functools
from typing import Any, Callable, Tuple

import modes
import numpy as np
import pytest
import tensorflow as tf

from keras_xent import v1
from keras_xent.ops import broadcasting

Shapes = Tuple[Tuple[int, ...], Tuple[int, ...], int]

# Labels, logits, class axis.
BROADCAST: list[Shapes] = [
    ((1, 4), (3, 4), -1),
    ((3, 4), (1, 4), -1),
    ((3, 1), (3, 4), -1),
    ((3, 4), (3, 1), -1),
    ((1, 1), (3, 4), -1),
    ((3, 1), (1, 4), -1),
    ((1, 1, 4), (2, 3, 4), -1),
    ((2, 3, 4), (1, 1, 4), -1),
    ((4, 1), (4, 3), 0),
    ((1, 4, 1), (2, 4, 3), 1),
    # Labels of another rank.
    ((4,), (3, 4), -1),
    ((1, 4), (2, 3, 4), -1),
    ((1, 4), (4,), -1),
    ((4,), (1, 4), -1),
    ((6, 4), (2, 3, 4), -1),
    ((3, 2, 4), (2, 3, 4), -1),
]
REFUSED: list[Shapes] = [
    ((2, 4), (3, 4), -1),
    ((2, 1, 4), (2, 3, 4), -1),
    ((2, 4, 3), (2, 4, 1), 1),
    ((1, 4, 3), (2, 4, 3), 1),
    ((3, 4), (4,), -1),
    ((2, 3, 4), (1, 4), -1),
    ((), (3, 4), -1),
    ((3, 0), (2, 3, 1), -1),
    ((3, 0), (1,), -1),
]
MODES = [mode for mode in modes.MODES if mode != "traced_then_compiled"]
UNKNOWN_SHAPES = ("traced_unknown_shapes", "compiled_unknown_shapes", "tf1_graph")


def arrays(shapes: Shapes) -> list[np.ndarray]:
    labels, logits, _ = shapes
    random = np.random.default_rng(0)
    return [random.random(labels).astype("f"), random.normal(size=logits).astype("f")]


def with_gradients(function: Callable[..., tf.Tensor]) -> Callable[..., Any]:
    """A function's value and its gradients to labels and logits."""

    def run(labels: tf.Tensor, logits: tf.Tensor) -> list[tf.Tensor]:
        if not tf.compat.v1.executing_eagerly_outside_functions():
            value = function(labels, logits)
            return [value, *tf.gradients(value, [labels, logits])]
        with tf.GradientTape() as tape:
            tape.watch([labels, logits])
            value = function(labels, logits)
        return [value, *tape.gradient(value, [labels, logits])]

    return run


def by_hand(shapes: Shapes) -> Callable[..., tf.Tensor]:
    """TensorFlow's function, of labels and logits that are broadcast before.

    It computes no gradient of what it broadcasts itself.
    """
    labels_shape, logits_shape, axis = shapes

    def function(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        rows = int(np.prod(logits_shape[:-1]))
        if axis == -1 and np.prod(labels_shape[:-1]) == rows:
            labels = tf.reshape(labels, [*logits_shape[:-1], labels_shape[-1]])
        elif len(labels_shape) < len(logits_shape):
            labels = tf.reshape(labels, [*[1] * (len(logits_shape) - 1), labels_shape[-1]])
        shape = tf.broadcast_static_shape(labels.shape, logits.shape)
        return tf.compat.v1.nn.softmax_cross_entropy_with_logits_v2(
            labels=tf.broadcast_to(labels, shape), logits=tf.broadcast_to(logits, shape), axis=axis
        )

    return function


def ours(shapes: Shapes) -> Callable[..., tf.Tensor]:
    axis = shapes[2]
    return lambda labels, logits: v1.softmax_cross_entropy_with_logits_v2(
        labels=labels, logits=logits, axis=axis
    )


def in_mode(mode: str, every: list[Shapes]) -> Callable[[Shapes], Any]:
    """Every pair's value and gradients in a mode, traced and compiled as seldom as it can be."""
    if mode in UNKNOWN_SHAPES:
        functions = {
            axis: modes.once(mode, with_gradients(ours(((), (), axis)))) for *_, axis in every
        }
        return lambda shapes: functions[shapes[2]](*arrays(shapes))

    def all_pairs(*tensors: tf.Tensor) -> list[Any]:
        pairs = zip(every, tensors[::2], tensors[1::2])
        return [with_gradients(ours(shapes))(labels, logits) for shapes, labels, logits in pairs]

    results = modes.in_mode(mode, all_pairs, *[x for shapes in every for x in arrays(shapes)])
    return lambda shapes: results[every.index(shapes)]


@functools.lru_cache(maxsize=None)
def expected_of(shapes: Shapes) -> list[tf.Tensor]:
    return modes.eager(with_gradients(by_hand(shapes)), *arrays(shapes))


# The labels are broadcast before a backend has them.
@pytest.mark.parametrize(
    ("mode", "backend"),
    [*((mode, "auto") for mode in MODES), ("eager", "portable")],
    indirect=["backend"],
)
def test_values_and_gradients(mode: str, backend: str) -> None:
    # XLA takes long, and compiles once more for each pair where the trace knows no shapes. A
    # session runs what is traced without shapes.
    some = {
        "traced": BROADCAST[::2],
        "compiled": BROADCAST[2::4],
        "compiled_unknown_shapes": BROADCAST[2::6],
        "tf1_graph": BROADCAST[::5],
    }
    every = some.get(mode, BROADCAST)
    run = in_mode(mode, every)
    for shapes in every:
        for one, other in zip(run(shapes), expected_of(shapes)):
            assert one.shape == other.shape, shapes
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6, err_msg=str(shapes))


def test_values_are_those_of_tf1s_function_where_it_gives_any() -> None:
    compared = 0
    for shapes in BROADCAST:
        labels, logits = arrays(shapes)
        try:
            expected = tf.compat.v1.nn.softmax_cross_entropy_with_logits_v2(
                labels=labels, logits=logits, axis=shapes[2]
            )
        except (ValueError, tf.errors.InvalidArgumentError):
            # Of logits with fewer rows than the labels: TF1's op gives one, the function does not.
            assert np.prod(shapes[1][:-1]) < np.prod(shapes[0][:-1])
            continue
        compared += 1
        np.testing.assert_allclose(ours(shapes)(labels, logits), expected, rtol=1e-5)
    assert compared >= 12


# A session runs what is traced without shapes.
@pytest.mark.parametrize("mode", ["eager", "traced", "traced_unknown_shapes"])
def test_what_tf1_refuses_is_an_error(mode: str) -> None:
    functions = {axis: modes.once(mode, ours(((), (), axis))) for axis in (-1, 1)}
    for shapes in REFUSED:
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
            functions[shapes[2]](*arrays(shapes))


def test_tf1_refuses_it() -> None:
    for shapes in REFUSED:
        labels, logits = arrays(shapes)
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
            tf.compat.v1.nn.softmax_cross_entropy_with_logits_v2(
                labels=labels, logits=logits, axis=shapes[2]
            )


def test_tensors_of_one_shape_stay_as_they_are() -> None:
    labels, logits = tf.ones([2, 3]), tf.ones([2, 3])
    found = broadcasting.to_one_shape(logits, labels, -1)
    assert found[0] is logits
    assert found[1] is labels


def test_static_shapes_are_known() -> None:
    found = {}

    @tf.function(
        input_signature=[tf.TensorSpec([None, 4]), tf.TensorSpec([3, None])], autograph=False
    )
    def broadcast(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        new_logits, new_labels = broadcasting.to_one_shape(logits, labels, -1)
        found.update(logits=new_logits.shape.as_list(), labels=new_labels.shape.as_list())
        return new_logits + new_labels

    assert broadcast(tf.ones([1, 4]), tf.ones([3, 4])).shape == [3, 4]
    assert found == {"logits": [3, None], "labels": [None, 4]}
    assert broadcast(tf.ones([3, 4]), tf.ones([3, 1])).shape == [3, 4]


def test_a_gradient_of_unknown_shape_copies_nothing() -> None:
    # Of tensors that turn out to have the same shape.
    @tf.function(input_signature=[tf.TensorSpec([None, None])] * 2, autograph=False)
    def broadcast(labels: tf.Tensor, logits: tf.Tensor) -> Any:
        return broadcasting.to_one_shape(logits, labels, -1)

    logits = tf.ones([64, 64])
    found, _ = broadcast(tf.ones([64, 64]), logits)
    assert np.shares_memory(memoryview(found), memoryview(logits))
