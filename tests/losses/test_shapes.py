"""A tensor passes only if it has the wanted shape, which a graph may learn when it runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras_xent.losses import shapes

UNKNOWN = [None, [None, None], [2, None]]


def checked(tensor_spec: Any, wanted_spec: Any) -> Any:
    """The check of a tensor against another's shape, in a graph that knows these shapes."""

    @tf.function(
        autograph=False,
        input_signature=[tf.TensorSpec(tensor_spec), tf.TensorSpec(wanted_spec)],
    )
    def check(tensor: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
        return shapes.of_shape(tensor, tf.shape(other), other.shape, "expected and given are")

    return check


def test_known_shapes_add_no_op() -> None:
    tensor = tf.zeros([2, 3])
    assert shapes.of_shape(tensor, tf.constant([2, 3]), tensor.shape, "") is tensor


@pytest.mark.parametrize("known", [[2, 3], [None, 3], None])
def test_a_known_shape_that_differs_raises_an_error(known: Any) -> None:
    if known is None:
        tensor, wanted = tf.zeros([2, 2]), tf.TensorShape([2, 3])
    else:
        tensor, wanted = tf.zeros([2, 2]), tf.TensorShape(known)
    with pytest.raises(ValueError, match=r"expected and given are .* and \(2, 2\)"):
        shapes.of_shape(tensor, tf.constant([2, 3]), wanted, "expected and given are")


@pytest.mark.parametrize(
    ("tensor_spec", "wanted_spec"),
    [*[(spec, [2, 3]) for spec in UNKNOWN], *[([2, 3], spec) for spec in UNKNOWN], (None, None)],
)
def test_a_shape_that_only_the_run_shows(tensor_spec: Any, wanted_spec: Any) -> None:
    check = checked(tensor_spec, wanted_spec)
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(check(values, np.zeros([2, 3], np.float32)), values)
    # The check's result has the static shape that the other tensor has.
    assert check.get_concrete_function().output_shapes.is_compatible_with([2, 3])
    wrong = values[:, :2] if tensor_spec != [2, 3] else values
    other = np.zeros([2, 3] if tensor_spec != [2, 3] else [2, 2], np.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected and given are"):
        check(wrong, other)
