"""Smoothed labels, whole and in parts."""

from __future__ import annotations

from typing import Any

import pytest
import reference
import tensorflow as tf

from keras_xent import Reduction
from keras_xent.ops import labels as labels_lib
from keras_xent.ops.spec import Spec

LABELS = tf.constant([[0.0, 1.0, 0.0, 0.0]], tf.float64)


def spec(label_smoothing: float, axis: int = -1) -> Spec:
    return Spec(axis, label_smoothing, Reduction.NONE)


def test_smoothing_takes_from_the_labels_and_gives_to_all_classes() -> None:
    smoothed = labels_lib.smoothed(spec(0.2), LABELS)
    reference.assert_close(smoothed, [[0.05, 0.85, 0.05, 0.05]], 1e-15)


def test_without_smoothing_labels_stay_as_they_are() -> None:
    assert labels_lib.smoothed(spec(0.0), LABELS) is LABELS


def test_another_class_axis() -> None:
    smoothed = labels_lib.smoothed(spec(0.2, 0), LABELS)
    reference.assert_close(smoothed, [[0.2, 1.0, 0.2, 0.2]], 1e-15)


def test_a_part_gets_its_share_of_all_classes() -> None:
    for classes in (4, tf.constant(4.0, tf.float64)):
        part = labels_lib.smoothed_part(spec(0.2), LABELS[:, :2], classes)
        reference.assert_close(part, [[0.05, 0.85]], 1e-15)


def test_the_number_of_classes_is_a_number_where_it_is_known() -> None:
    assert labels_lib.num_classes(spec(0.2), LABELS) == 4
    assert labels_lib.num_classes(spec(0.2, 0), LABELS) == 1


@pytest.mark.parametrize("shape", [[None, None], None])
def test_elsewhere_it_has_the_labels_dtype(shape: Any) -> None:
    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float64)], autograph=False)
    def count(labels: tf.Tensor) -> tf.Tensor:
        return labels_lib.num_classes(spec(0.2), labels)

    assert count(LABELS).dtype == "float64"
    assert float(count(LABELS)) == 4


def test_no_classes_have_no_share() -> None:
    assert labels_lib.smoothed(spec(0.2), tf.zeros([3, 0])).shape == [3, 0]
