"""The cases of the self-test: what keras_xent computes, and what TensorFlow does."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable

import numpy as np
import tensorflow as tf

import keras_xent
from keras_xent.comparing import exactness, made
from keras_xent.comparing.made import Inputs
from keras_xent.comparing.oracles import ORACLES

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
class SelfTestCase:
    """One comparison of ours with TensorFlow's.

    Args:
        title: For the table.
        losses: What to compare.
        inputs: Of both.
        dtype: What labels and logits are cast to for ours. TensorFlow's loss gets the same rounded
            values, in float32 where ``dtype`` has half that precision: its own arithmetic in half
            precision is too coarse to be a reference.
        in_function: Whether ours runs in a ``tf.function`` that knows no dimension.
    """

    title: str
    losses: Losses
    inputs: Inputs
    dtype: Any = tf.float32
    in_function: bool = False

    @property
    def tolerance(self) -> float:
        """The largest error allowed, relative to the largest expected number."""
        return exactness.OF_OURS.error(self.dtype.name)


def all_cases() -> list[SelfTestCase]:
    """The self-test. In every case some weights are zero."""
    small = _inputs(made.soft, (32, 10))
    masked_out = dataclasses.replace(small, weights=np.zeros_like(small.weights))
    rows = _inputs(made.soft, (7, 1000))
    image = _inputs(made.soft, (2, 5, 3, 4), axis=1)
    ids = dataclasses.replace(small, labels=made.ids(32, 10).astype(np.int64))
    binary_examples = dataclasses.replace(small, labels=made.soft_binary(32, 10))
    binary = dataclasses.replace(binary_examples, weights=made.some_zero(32, 10))

    v1 = _v1_losses("softmax_cross_entropy", label_smoothing=0.0)
    smoothed = _v1_losses("softmax_cross_entropy", label_smoothing=0.1)
    per_example = _nn_losses("softmax_cross_entropy_with_logits_v2", axis=-1)
    channels = _nn_losses("softmax_cross_entropy_with_logits_v2", axis=1)
    sparse = _v1_losses("sparse_softmax_cross_entropy")
    sigmoid = _v1_losses("sigmoid_cross_entropy", label_smoothing=0.1)
    keras = Losses(
        _without_labels_gradient(_keras_loss(keras_xent.CategoricalCrossentropy)), v1.theirs
    )
    keras_sparse = Losses(_keras_loss(keras_xent.SparseCategoricalCrossentropy), sparse.theirs)
    keras_binary = Losses(
        _keras_loss(keras_xent.BinaryCrossentropy, label_smoothing=0.1),
        _of_columns(sigmoid.theirs),
    )
    return [
        *_both("v1, 32x10", v1, small),
        *_both("v1, 7x1000, smoothing 0.1", smoothed, rows),
        SelfTestCase("v1, 32x10, all weights zero", v1, masked_out),
        *_both("Keras loss, 32x10", keras, small),
        *_both("Keras sparse loss, 32x10", keras_sparse, ids),
        *_both("Keras binary loss, 32x10", keras_binary, binary_examples),
        *_both("per example, 2x5x3x4, axis=1", channels, image),
        # Per example, because v1 weights in float32 whatever the dtype of the logits is.
        SelfTestCase("per example, 7x1000, float64", per_example, rows, tf.float64),
        *_both("v1 sparse, 32x10", sparse, ids),
        *_both("v1 sigmoid, 32x10", sigmoid, binary),
        SelfTestCase("v1, 32x10, float16", v1, small, tf.float16),
        SelfTestCase("v1, 32x10, bfloat16", v1, small, tf.bfloat16),
    ]


def _both(title: str, losses: Losses, inputs: Inputs) -> list[SelfTestCase]:
    """Eagerly and in a function."""
    case = SelfTestCase(title, losses, inputs)
    return [case, dataclasses.replace(case, in_function=True)]


def _v1_losses(name: str, **arguments: Any) -> Losses:
    """A function of `keras_xent.v1` that reduces the losses, and TensorFlow's."""
    reduction = keras_xent.Reduction.SUM_BY_NONZERO_WEIGHTS
    oracle = ORACLES[name](**{"reduction": reduction, **arguments})

    def ours(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return getattr(keras_xent.v1, name)(labels, logits, weights, **oracle.arguments)

    return Losses(ours, oracle.value)


def _keras_loss(loss: Callable[..., Any], **arguments: Any) -> Loss:
    """A Keras loss of logits, with TF1's default reduction."""

    def ours(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        reduction = keras_xent.Reduction.SUM_BY_NONZERO_WEIGHTS
        weighted = loss(from_logits=True, reduction=reduction, **arguments)
        return weighted(labels, logits, sample_weight=weights)

    return ours


def _without_labels_gradient(loss: Loss) -> Loss:
    """What v1 stops, and Keras losses do not."""
    return lambda labels, logits, weights: loss(tf.stop_gradient(labels), logits, weights)


def _of_columns(loss: Loss) -> Loss:
    """A loss of each class, with one weight for all classes of an example, as Keras's has."""
    return lambda labels, logits, weights: loss(labels, logits, weights[:, tf.newaxis])


def _nn_losses(name: str, **arguments: Any) -> Losses:
    """A function of `keras_xent.v1` that returns each example's loss, and TensorFlow's."""
    oracle = ORACLES[name](**arguments)

    # The weights are applied outside, so that each example's gradient has a factor of its own.
    def ours(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        losses = getattr(keras_xent.v1, name)(labels=labels, logits=logits, **arguments)
        return losses * tf.cast(weights, losses.dtype)

    def theirs(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        losses = oracle.value(labels, logits)
        return losses * tf.cast(weights, losses.dtype)

    return Losses(ours, theirs)


def _inputs(labels: Callable[..., np.ndarray], shape: tuple[int, ...], axis: int = -1) -> Inputs:
    """Inputs of a shape whose class axis is not the last one."""
    others = tuple(np.delete(shape, axis))
    return Inputs(
        labels=np.moveaxis(labels(*others, shape[axis]), -1, axis),
        logits=made.logits(*shape, scale=3.0),
        weights=made.some_zero(*others),
    )
