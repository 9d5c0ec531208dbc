"""Softmax cross entropy in TensorFlow's own ops: for GPUs, TPUs, and wherever the native library
isn't.

TensorFlow has one op for the losses of a matrix and their gradient. TF1's functions run it too, so
this costs what TF1 costs and is as exact. xla.py has the steps for XLA. Half precision is computed
in float32, as TF1 does. Nothing here is meant to be differentiated by TensorFlow: gradients.py has
the derivatives.
"""

from __future__ import annotations

from typing import Tuple

import tensorflow as tf

from keras_xent.ops import checks, class_axis, operands, weighting
from keras_xent.ops import labels as labels_lib
from keras_xent.ops import spec as spec_lib
from keras_xent.ops.spec import Spec


def loss(spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """The weighted, reduced loss."""
    logits, labels, weights = _checked(spec, logits, labels, weights)
    losses, _ = _losses_and_difference(spec, logits, labels)
    return tf.cast(weighting.reduce_losses(losses, weights, spec.reduction), logits.dtype)


def loss_with_kept(
    spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
) -> Tuple[tf.Tensor, tf.Tensor]:
    """The weighted, reduced loss, and what the gradient needs.

    That is the gradient with respect to the logits for an upstream gradient of 1, or, where that
    is not to be kept, softmax(logits) - smoothed labels in the dtype of the arithmetic.
    """
    logits, labels, weights = _checked(spec, logits, labels, weights)
    losses, difference = _losses_and_difference(spec, logits, labels)
    value = weighting.reduce_losses(losses, weights, spec.reduction)
    if spec_lib.keeps_backprop(logits.dtype):
        coefficients = operands.unscaled_coefficients(spec, logits, weights)
        kept = _weighted(spec, difference, coefficients, logits.dtype)
    else:
        kept = class_axis.moved_back(difference, spec.axis)
    return tf.cast(value, logits.dtype), kept


def weighted_backprop(
    spec: Spec, logits: tf.Tensor, labels: tf.Tensor, coefficients: tf.Tensor
) -> tf.Tensor:
    """coefficients * (softmax(logits) - smoothed labels)."""
    logits, labels, coefficients = _checked(spec, logits, labels, coefficients)
    _, difference = _losses_and_difference(spec, logits, labels)
    return _weighted(spec, difference, coefficients, logits.dtype)


def scale_backprop(spec: Spec, backprop: tf.Tensor, grad: tf.Tensor) -> tf.Tensor:
    """backprop * grad, with grad a scalar or shaped as the losses."""
    real = spec_lib.real_dtype(backprop.dtype)
    factors = tf.cast(grad, real)
    return class_axis.times(tf.cast(backprop, real), factors, spec.axis, backprop.dtype)


def _losses_and_difference(
    spec: Spec, logits: tf.Tensor, labels: tf.Tensor
) -> Tuple[tf.Tensor, tf.Tensor]:
    """The losses, and softmax(logits) - smoothed labels with the class axis last."""
    real = spec_lib.real_dtype(logits.dtype)
    smoothed = labels_lib.smoothed(spec, tf.cast(labels, real))
    logits = class_axis.moved_last(tf.cast(logits, real), spec.axis)
    losses, difference = tf.raw_ops.SoftmaxCrossEntropyWithLogits(
        features=class_axis.as_matrix(logits),
        labels=class_axis.as_matrix(class_axis.moved_last(smoothed, spec.axis)),
    )
    if not class_axis.static_size(logits.shape, -1):
        # TensorFlow doesn't say what its op makes of rows without classes.
        losses = tf.where(tf.equal(tf.shape(logits)[-1], 0), tf.zeros([], real), losses)
    if logits.shape.rank != 2:
        losses = tf.reshape(losses, tf.shape(logits)[:-1])
        difference = tf.reshape(difference, tf.shape(logits))
    return losses, difference


def _weighted(
    spec: Spec, difference: tf.Tensor, coefficients: tf.Tensor, dtype: tf.DType
) -> tf.Tensor:
    # In one row for each loss, as TensorFlow is slow in broadcasting along other axes.
    product = difference * class_axis.beside_classes(coefficients, -1)
    return tf.cast(class_axis.moved_back(product, spec.axis), dtype)


def _checked(
    spec: Spec, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor
) -> Tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Checks the real shapes where the static ones do not tell."""
    if not (logits.shape.is_fully_defined() and labels.shape.is_fully_defined()):
        with tf.control_dependencies([checks.assert_same_shape(logits, labels)]):
            logits = tf.identity(logits)
        # If XLA compiles this, it leaves the assertion out.
        labels = checks.of_the_same_shape(labels, logits)
    return logits, labels, operands.checked_weights(spec, logits, weights)
