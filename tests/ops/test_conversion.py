"""Arguments become tensors and numbers, or an error names them."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import pytest
import tensorflow as tf

from keras_xent import CategoricalCrossentropy, v1
from keras_xent.ops import conversion

GOOD = [[1.0, 0.0], [0.0, 1.0]]
BAD = {
    "a sparse tensor": (tf.sparse.from_dense(GOOD), TypeError, "a SparseTensor.*sparse.to_dense"),
    "None in a list": ([[1.0, None], [0.0, 1.0]], ValueError, r"\[\[1.0, None\]"),
    "rows of two lengths": ([[1.0], [0.0, 1.0]], ValueError, r"\[\[1.0\], \[0.0, 1.0\]\]"),
    "a dictionary": ({"a": 1.0}, ValueError, "'a': 1.0"),
    "text": ([["1", "0"], ["0", "1"]], TypeError, ""),
}
# The argument's name, and a call with it.
CALLS = {
    "onehot_labels": lambda bad: v1.softmax_cross_entropy(bad, GOOD),
    "logits": lambda bad: v1.softmax_cross_entropy(GOOD, bad),
    "weights": lambda bad: v1.softmax_cross_entropy(GOOD, GOOD, bad),
    "labels": lambda bad: v1.softmax_cross_entropy_with_logits_v2(bad, GOOD),
    "losses": lambda bad: v1.compute_weighted_loss(bad),
    "y_true": lambda bad: CategoricalCrossentropy(from_logits=True)(bad, GOOD),
    "y_pred": lambda bad: CategoricalCrossentropy(from_logits=True)(GOOD, bad),
    "sample_weight": lambda bad: CategoricalCrossentropy(from_logits=True)(GOOD, GOOD, bad),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("in_graph", [False, True])
def test_an_error_names_the_argument(name: str, bad: str, in_graph: bool) -> None:
    value, kind, match = BAD[bad]

    def call() -> Any:
        return CALLS[name](value)

    def run() -> None:
        if not in_graph:
            call()
            return
        with tf.Graph().as_default():
            if isinstance(value, tf.SparseTensor):
                CALLS[name](tf.compat.v1.sparse_placeholder(tf.float32, [2, 2]))
            call()

    message = rf"^{name} (is|must contain)(.|\n)*{match}"
    with pytest.raises((TypeError, ValueError), match=message) as error:
        run()
    if not in_graph:  # there TensorFlow has TypeErrors where it has ValueErrors eagerly
        assert error.type is kind


def test_a_ragged_tensor_is_an_error() -> None:
    ragged = tf.ragged.constant([[1.0], [0.0, 1.0]])
    with pytest.raises(TypeError, match=r"^logits is a RaggedTensor.*to_tensor\(\)"):
        v1.softmax_cross_entropy(GOOD, ragged)


def test_a_tensor_stays_as_it_is() -> None:
    tensor = tf.ones([2])
    assert conversion.to_tensor(tensor, "x") is tensor


def test_a_hint_keeps_python_s_numbers_exact() -> None:
    assert float(conversion.to_tensor(0.1, "x", tf.float64)) == 0.1
    assert conversion.to_tensor([1, 2], "x").dtype == tf.int32


def test_a_long_value_is_cut() -> None:
    with pytest.raises(ValueError, match=r"x is .{77}\.\.\., expected") as error:
        conversion.to_tensor([[None, 1.0]] * 1000, "x")
    assert len(str(error.value).split(", expected")[0]) < 100


@pytest.mark.parametrize(
    "number",
    [0.5, np.float32(0.5), np.array(0.5), tf.constant(0.5), tf.constant(0.5, tf.bfloat16).numpy()],
)
def test_scalars_are_numbers(number: Any) -> None:
    found = conversion.to_float(number, "x")
    assert type(found) is float
    assert found == 0.5


@pytest.mark.parametrize("number", [None, "0.5", True, np.True_, [0.5], np.array([0.5]), 0.5j])
def test_other_things_are_no_numbers(number: Any) -> None:
    with pytest.raises(TypeError, match=r"x is .* of type .*, expected a number"):
        conversion.to_float(number, "x")


def test_a_number_of_a_graph_must_be_a_constant() -> None:
    with tf.Graph().as_default():
        assert conversion.to_float(tf.constant(0.5), "x") == 0.5
        with pytest.raises(TypeError, match="must be known when the graph is built"):
            conversion.to_float(tf.compat.v1.placeholder(tf.float32), "x")


@pytest.mark.parametrize("value", [True, np.True_, np.array(True)])
def test_booleans_of_numpy_will_do(value: Any) -> None:
    assert conversion.to_bool(value, "x") is True
    assert CategoricalCrossentropy(from_logits=value).from_logits is True


@pytest.mark.parametrize("value", [1, "True", None, np.array([True]), np.int64(1)])
def test_other_things_are_no_booleans(value: Any) -> None:
    with pytest.raises(TypeError, match=r"x is .* of type .*, expected True or False"):
        conversion.to_bool(value, "x")


@pytest.mark.parametrize("make", [np.array, np.float32, tf.constant])
def test_a_smoothing_may_be_what_it_may_be_in_tf1(make: Callable[[float], Any]) -> None:
    smoothing = make(0.25)
    theirs = tf.compat.v1.losses.softmax_cross_entropy(GOOD, GOOD, label_smoothing=smoothing)
    ours = v1.softmax_cross_entropy(GOOD, GOOD, label_smoothing=smoothing)
    loss = CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    np.testing.assert_allclose([ours, loss(GOOD, GOOD)], [theirs, theirs], rtol=1e-6)
    assert loss.get_config()["label_smoothing"] == 0.25


@pytest.mark.parametrize("smoothing", [True, np.True_, False, np.False_])
def test_tf1_takes_true_for_a_smoothing_of_1(smoothing: Any) -> None:
    theirs = tf.compat.v1.losses.softmax_cross_entropy(GOOD, GOOD, label_smoothing=smoothing)
    ours = v1.softmax_cross_entropy(GOOD, GOOD, label_smoothing=smoothing)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
