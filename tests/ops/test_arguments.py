"""What the public functions make of their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras_xent import Reduction
from keras_xent.ops import arguments
from keras_xent.ops.spec import Spec


def test_logits_are_floating_point_numbers() -> None:
    for dtype in ("float16", "bfloat16", "float32", "float64"):
        assert arguments.logits_of(tf.zeros([2], dtype)).dtype == dtype
    with pytest.raises(TypeError, match="logits have dtype int32, expected one of"):
        arguments.logits_of([1, 2])


def test_values_are_cast_and_python_numbers_lose_nothing() -> None:
    tensor = tf.zeros([2])
    assert arguments.converted(tensor, "x", tf.float32) is tensor
    assert arguments.converted([1, 0], "x", tf.float32).dtype == "float32"
    assert float(arguments.converted(0.1, "x", tf.float64)) == 0.1
    variable = tf.Variable([1.0])
    assert isinstance(arguments.converted(variable, "x", tf.float32), tf.Tensor)


@pytest.mark.parametrize(
    ("logits", "weights"), [("float16", "float32"), ("float32", "float32"), ("float64", "float64")]
)
def test_weights_have_the_dtype_of_the_arithmetic(logits: str, weights: str) -> None:
    assert arguments.weights_of([1, 0], tf.zeros([2], logits)).dtype == weights


def test_weights_must_fit_the_losses() -> None:
    spec = Spec(1, 0.0, Reduction.SUM)
    shape = tf.TensorShape([2, 3, 4])
    for weights in (tf.ones([]), tf.ones([2, 4]), tf.ones([1, 4])):
        arguments.check_weights(weights, spec, shape)
    with pytest.raises(ValueError, match="weights cannot be broadcast"):
        arguments.check_weights(tf.ones([2, 3]), spec, shape)


def test_smoothing_is_a_number_from_0_to_1() -> None:
    assert arguments.smoothing_of(np.float32(0.5)) == 0.5
    for smoothing in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="label_smoothing is"):
            arguments.smoothing_of(smoothing)
    with pytest.raises(TypeError):
        arguments.smoothing_of("0.1")


@pytest.mark.parametrize(
    ("logits", "labels", "known"),
    [([2, 3], [2, 3], [2, 3]), ([None, 3], [2, None], [2, 3]), (None, [2, 3], [2, 3])],
)
def test_the_shape_of_both(logits: Any, labels: Any, known: Any) -> None:
    with tf.Graph().as_default():
        tensors = [tf.compat.v1.placeholder(tf.float32, shape) for shape in (logits, labels)]
        assert arguments.same_shape(*tensors, advice="").as_list() == known


def test_shapes_that_differ_raise_an_error_with_the_advice() -> None:
    with pytest.raises(ValueError, match=r"and the labels have shape \(2, 1\)\. Do this\."):
        arguments.same_shape(tf.zeros([2, 3]), tf.zeros([2, 1]), "Do this.")


def test_a_class_axis_must_exist() -> None:
    assert arguments.class_axis_of(np.int64(-2), tf.TensorShape([2, 3])) == -2
    assert arguments.class_axis_of(5, tf.TensorShape(None)) == 5
    with pytest.raises(ValueError, match=r"axis is 2, expected an int in \[-2, 2\)"):
        arguments.class_axis_of(2, tf.TensorShape([2, 3]))
    with pytest.raises(ValueError, match="logits are a scalar"):
        arguments.class_axis_of(0, tf.TensorShape([]))


@pytest.mark.parametrize("value", [None, -1, np.int64(255), np.array(3)])
def test_an_ignored_class_is_an_int_or_none(value: Any) -> None:
    found = arguments.ignored_class_of(value)
    assert found == value
    assert found is None or type(found) is int


@pytest.mark.parametrize("value", [True, 1.0, "1", [1]])
def test_nothing_else_is_an_ignored_class(value: Any) -> None:
    with pytest.raises(TypeError, match="ignore_class is"):
        arguments.ignored_class_of(value)
    with pytest.raises(ValueError, match="int64"):
        arguments.ignored_class_of(2**63)
