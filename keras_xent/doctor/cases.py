"""The cases of the self-test: what keras_xent computes, and what TensorFlow does."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable

import numpy as np
import tensorflow as tf

import keras_xent

# A function of (labels, logits, weights).
Loss = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


@dataclasses.dataclass(frozen=True)
class Losses:
    """The same loss twice.

    Args:
        ours: The function of keras_xent.
        theirs: TensorFlow's.
    """

    ours: Loss
    theirs: Loss


@dataclasses.dataclass(frozen=True)
class Inputs:
    """What a loss is computed from.

    Args:
        labels: Labels, numbers that sum to 1 along the class axis.
        logits: Logits of the same shape.
        weights: Weights of the shape of the losses.
    """

    labels: np.ndarray
    logits: np.ndarray
    weights: np.ndarray


@dataclasses.dataclass(frozen=True)
class Case:
    """One comparison.

    Args:
        title: For the table.
        losses: What to compare.
        inputs: Of both.
        dtype: What labels and logits are cast to for ours. TensorFlow's loss gets the same rounded
            values, in float32 where ``dtype`` has half that precision: its own arithmetic in half
            precision is too coarse to be a reference.
        tolerance: The largest error allowed, relative to the largest expected number.
        in_function: Whether ours runs in a ``tf.function`` that knows no dimension.
    """

    title: str
    losses: Losses
    inputs: Inputs
    dtype: Any = tf.float32
    tolerance: float = 1e-5
    in_function: bool = False


def all_cases() -> list[Case]:
    """The self-test. In every case some weights are zero."""
    small = _inputs((32, 10))
    masked_out = dataclasses.replace(small, weights=np.zeros_like(small.weights))
    rows = _inputs((7, 1000))
    image = _inputs((2, 5, 3, 4), axis=1)

    v1 = _v1_losses()
    smoothed = _v1_losses(label_smoothing=0.1)
    keras = _keras_losses()
    per_element = _per_element_losses(axis=-1)
    channels = _per_element_losses(axis=1)
    return [
        Case("v1, 32x10", v1, small),
        Case("v1, 32x10", v1, small, in_function=True),
        Case("v1, 7x1000, smoothing 0.1", smoothed, rows),
        Case("v1, 7x1000, smoothing 0.1", smoothed, rows, in_function=True),
        Case("v1, 32x10, all weights zero", v1, masked_out),
        Case("Keras loss, 32x10", keras, small),
        Case("Keras loss, 32x10", keras, small, in_function=True),
        Case("per element, 2x5x3x4, axis=1", channels, image),
        Case("per element, 2x5x3x4, axis=1", channels, image, in_function=True),
        # Per element, because v1 weights in float32 whatever the dtype of the logits is.
        Case("per element, 7x1000, float64", per_element, rows, tf.float64, tolerance=1e-12),
        # Two units in the last place: 10 and 7 bits of fraction.
        Case("v1, 32x10, float16", v1, small, tf.float16, tolerance=2**-9),
        Case("v1, 32x10, bfloat16", v1, small, tf.bfloat16, tolerance=2**-6),
    ]


def _v1_losses(**arguments: Any) -> Losses:
    def ours(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return keras_xent.v1.softmax_cross_entropy(labels, logits, weights=weights, **arguments)

    def theirs(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return tf.compat.v1.losses.softmax_cross_entropy(
            labels, logits, weights=weights, **arguments
        )

    return Losses(ours, theirs)


def _keras_losses() -> Losses:
    def ours(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        loss = keras_xent.CategoricalCrossentropy(
            from_logits=True, reduction=keras_xent.Reduction.SUM_BY_NONZERO_WEIGHTS
        )
        # v1 stops the gradient to the labels; Keras losses do not.
        return loss(tf.stop_gradient(labels), logits, sample_weight=weights)

    return Losses(ours, _v1_losses().theirs)


def _per_element_losses(axis: int) -> Losses:
    # The weights are applied outside, so that each element's gradient has a factor of its own.
    def ours(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        losses = keras_xent.v1.softmax_cross_entropy_with_logits_v2(labels, logits, axis=axis)
        return losses * tf.cast(weights, losses.dtype)

    def theirs(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        losses = tf.nn.softmax_cross_entropy_with_logits(labels, logits, axis=axis)
        return losses * tf.cast(weights, losses.dtype)

    return Losses(ours, theirs)


def _inputs(shape: tuple[int, ...], axis: int = -1) -> Inputs:
    random = np.random.RandomState(0)
    classes = shape[axis]
    others = tuple(np.delete(shape, axis))
    labels = random.dirichlet(np.ones(classes), size=others)
    weights = random.uniform(0.5, 2.0, size=others)
    weights[random.uniform(size=others) < 1 / 3] = 0.0
    return Inputs(
        labels=np.moveaxis(labels, -1, axis),
        logits=random.normal(scale=3.0, size=shape),
        weights=weights.astype(np.float32),
    )
