"""Predictions with one class are a mistake, about which Keras warns too."""

from __future__ import annotations

import warnings
from typing import Any, Callable

import pytest
import tensorflow as tf

from keras_xent.losses import one_class

CATEGORICAL, IDS = one_class.warn_of_one_class, one_class.warn_of_one_class_of_ids
ALWAYS_ZERO = "along axis {axis}, the loss of logits is always 0."


def message(warn: Callable[[tf.Tensor, int], None], shape: Any, axis: int) -> str | None:
    """What it warns about predictions of this shape, if anything."""
    with tf.Graph().as_default(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn(tf.compat.v1.placeholder(tf.float32, shape), axis)
    assert all(each.category is SyntaxWarning for each in caught)
    assert len(caught) <= 1
    return str(caught[0].message) if caught else None


@pytest.mark.parametrize("warn", [CATEGORICAL, IDS])
@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        *[([2, 3], -1), ([2, 3], 1), ([1, 3], 1), ([None, 3], -1), ([None, None], -1), (None, -1)],
        # An axis out of range is another error's matter, and a scalar has no class axis.
        *[([2, 3], 2), ([2, 3], -3), ([], -1), ([], 0)],
    ],
)
def test_other_shapes_have_no_warning(warn: Any, shape: Any, axis: int) -> None:
    assert message(warn, shape, axis) is None


@pytest.mark.parametrize(
    ("shape", "axis"),
    [([2, 1], -1), ([2, 1], 1), ([None, 1], -1), ([1], 0), ([1, 3], 0), ([1, 3], -2)],
)
def test_one_class_along_the_class_axis(shape: Any, axis: int) -> None:
    categorical, ids = message(CATEGORICAL, shape, axis), message(IDS, shape, axis)
    assert categorical is not None
    assert categorical.startswith("In loss categorical_crossentropy, expected y_pred.shape to be")
    assert categorical.endswith(ALWAYS_ZERO.format(axis=axis))
    assert ids == (
        f"y_pred has shape {tf.TensorShape(shape)} and one class along axis {axis}, so the loss is "
        "always 0. If you have two classes, use BinaryCrossentropy."
    )


def test_a_last_axis_of_one_without_classes_is_keras_s_warning_only() -> None:
    categorical = message(CATEGORICAL, [3, 1], 0)
    assert categorical is not None
    assert "always 0" not in categorical
    assert message(IDS, [3, 1], 0) is None
