"""Label smoothing."""

from __future__ import annotations

import tensorflow as tf

from keras_xent.ops import class_axis
from keras_xent.ops.spec import Spec


def smoothed(spec: Spec, labels: tf.Tensor) -> tf.Tensor:
    """(1 - s) * labels + s / classes."""
    return smoothed_part(spec, labels, num_classes(spec, labels))


def smoothed_part(spec: Spec, part: tf.Tensor, classes: int | tf.Tensor) -> tf.Tensor:
    """`smoothed` for some of the classes. `classes` is the total number of classes."""
    if not spec.label_smoothing or (isinstance(classes, int) and classes == 0):
        return part
    return part * (1 - spec.label_smoothing) + spec.label_smoothing / classes


def num_classes(spec: Spec, labels: tf.Tensor) -> int | tf.Tensor:
    """The size of the class axis: a number if it is known, or a tensor of the labels' dtype."""
    known = class_axis.static_size(labels.shape, spec.class_axis)
    return tf.cast(tf.shape(labels)[spec.class_axis], labels.dtype) if known is None else known
