"""Smoothed labels, whole and in parts."""

from __future__ import annotations

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
    part = labels_lib.smoothed_part(spec(0.2), LABELS[:, :2], tf.constant(4.0, tf.float64))
    reference.assert_close(part, [[0.05, 0.85]], 1e-15)


def test_the_number_of_classes_has_the_labels_dtype() -> None:
    classes = labels_lib.num_classes(spec(0.2), LABELS)
    assert classes.dtype == "float64"
    assert float(classes) == 4
