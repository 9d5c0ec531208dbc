"""The losses as functions with keyword arguments."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_xent import _keras, ops
from keras_xent._autograph import do_not_convert
from keras_xent.ops import replicas
from keras_xent.ops.replicas import Normalization
from keras_xent.reduction import Reduction


@do_not_convert
def softmax_cross_entropy(
    *,
    labels: Any,
    logits: Any,
    weights: Any = None,
    label_smoothing: float = 0.0,
    axis: int = -1,
    reduction: Reduction | str | None = Reduction.SUM_BY_NONZERO_WEIGHTS,
    normalization: Normalization = "replica",
) -> tf.Tensor:
    """Softmax cross entropy between logits and one-hot labels or probabilities.

    Use it in your own training loop or layer. For `model.compile`, use
    `keras_xent.CategoricalCrossentropy`. To port TF1 code, begin with
    `keras_xent.v1.softmax_cross_entropy`, which has TF1's signature.

    With `C` classes and smoothing `s`, the loss of an example is that of
    `tf.compat.v1.losses.softmax_cross_entropy`:

        sum over c of y'[c] * (log(sum over k of exp(x[k])) - x[c]),
        y'[c] = (1 - s) * y[c] + s / C,

    for logits `x` and labels `y`. With the native kernels, a class with `y'[c] = 0` adds nothing,
    even if its logit is -inf. The portable backend returns NaN for such a class, except under XLA.

    The result has gradients with respect to the logits, the labels and the weights. These gradients
    are differentiable too. The gradient of each loss with respect to the logits is
    `softmax(x) - y'`, as in TensorFlow. To treat labels as constants, like
    `tf.compat.v1.losses.softmax_cross_entropy`, pass `tf.stop_gradient(labels)`.

    Args:
        labels: a tensor of the logits' shape, usually a probability distribution along `axis`.
            Cast to the logits' dtype.
        logits: unscaled log-probabilities of rank 1 or more; float16, bfloat16, float32 or
            float64.
        weights: None (the same as 1), a scalar, or a tensor of the losses' rank in which every
            dimension is 1 or equals the losses' corresponding dimension. Cast to float32, or to
            float64 for float64 logits.
        label_smoothing: a number in [0, 1].
        axis: the class axis.
        reduction: a `keras_xent.Reduction`, or its name in Keras or TF1. The default is TF1's: the
            sum of the weighted losses, divided by the number of non-zero weights.
            `keras_xent.CategoricalCrossentropy` has Keras's default, which divides by the number
            of losses. Without weights, both return the mean.
        normalization: what a replica of a `tf.distribute.Strategy` divides by: its own denominator
            (`"replica"`, like TF1 and Keras), or the sum of all replicas' denominators
            (`"global"`). With `"global"`, the replicas' losses and gradients add up to those of the
            whole batch.

    Returns:
        A tensor of the logits' dtype: a scalar, or the weighted losses if `reduction` is `NONE`.
        The losses have the logits' shape without `axis`.

    Raises:
        TypeError: the logits aren't floating point; a tensor is ragged, sparse, or a `KerasTensor`;
            or an argument has another wrong type, or is passed by position.
        ValueError: labels or weights have the wrong shape, an argument is out of range, or the
            reduction is unknown.
        tf.errors.InvalidArgumentError: a shape is wrong, and is known only when the graph runs.

    Examples:
        >>> import keras_xent
        >>> loss = keras_xent.softmax_cross_entropy(
        ...     labels=[[0, 1, 0], [0, 0, 1]],
        ...     logits=[[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]],
        ...     weights=[0.0, 0.7])
        >>> print(f"{float(loss):.5f}")
        0.97281

    Unlike the Keras loss, this function ignores a mask that Keras's layers attached to the logits.
    Under `tf.distribute` with `normalization="replica"`, divide a mean by the number of replicas
    yourself.
    """
    _check(labels=labels, logits=logits, weights=weights)
    return ops.softmax_cross_entropy(
        logits,
        labels,
        _or_one(weights),
        label_smoothing=label_smoothing,
        axis=axis,
        reduction=Reduction(reduction),
        normalization=replicas.normalization_of(normalization),
    )


@do_not_convert
def sparse_softmax_cross_entropy(
    *,
    labels: Any,
    logits: Any,
    weights: Any = None,
    label_smoothing: float = 0.0,
    axis: int = -1,
    ignore_class: int | None = None,
    reduction: Reduction | str | None = Reduction.SUM_BY_NONZERO_WEIGHTS,
    normalization: Normalization = "replica",
) -> tf.Tensor:
    """Softmax cross entropy between logits and class ids.

    Returns the same result as `softmax_cross_entropy` with one-hot labels, but never stores them.
    Use it in your own training loop or layer. For `model.compile`, use
    `keras_xent.SparseCategoricalCrossentropy`.

    With `C` classes and smoothing `s`, the loss of an example with logits `x` and class `y` is that
    of `tf.compat.v1.losses.sparse_softmax_cross_entropy`, plus the smoothing:

        log(sum over k of exp(x[k])) - (1 - s) * x[y] - s * (mean over c of x[c])

    The result has gradients with respect to the logits and the weights. These gradients are
    differentiable too.

    Args:
        labels: class ids in [0, C), int32 or int64, in the logits' shape without `axis`.
        logits: unscaled log-probabilities of rank 1 or more; float16, bfloat16, float32 or
            float64.
        weights: None (the same as 1), a scalar, or a tensor of the labels' rank in which every
            dimension is 1 or equals the labels' corresponding dimension. Cast to float32, or to
            float64 for float64 logits.
        label_smoothing: a number in [0, 1].
        axis: the class axis.
        ignore_class: a class id to ignore. Examples with this id have weight 0, even if their
            logits are infinite or NaN. The id doesn't have to be in [0, C): -1 and 255 are common.
            None means that no id is ignored. `Reduction.SUM_OVER_BATCH_SIZE` counts ignored
            examples, like all others with weight 0. Like Keras,
            `keras_xent.SparseCategoricalCrossentropy` doesn't count them.
        reduction: a `keras_xent.Reduction`, or its name in Keras or TF1. The default is TF1's, as
            for `softmax_cross_entropy`.
        normalization: what a replica of a `tf.distribute.Strategy` divides by: its own denominator
            (`"replica"`, like TF1 and Keras), or the sum of all replicas' denominators
            (`"global"`). With `"global"`, the replicas' losses and gradients add up to those of the
            whole batch.

    Returns:
        A tensor of the logits' dtype: a scalar, or the weighted losses, in the labels' shape, if
        `reduction` is `NONE`.

    Raises:
        TypeError: the logits aren't floating point; the labels are neither int32 nor int64; a
            tensor is ragged, sparse, or a `KerasTensor`; or an argument has another wrong type, or
            is passed by position.
        ValueError: labels or weights have the wrong shape, an argument is out of range, or the
            reduction is unknown.
        tf.errors.InvalidArgumentError: a shape is wrong, and is known only when the graph runs.
            Also raised on a CPU if an id is out of range, even if its weight is 0. On a GPU and
            under XLA, the loss and the gradient of such an id are NaN, as in TensorFlow.

    Examples:
        >>> import keras_xent
        >>> loss = keras_xent.sparse_softmax_cross_entropy(
        ...     labels=[-1, 2],
        ...     logits=[[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]],
        ...     ignore_class=-1)
        >>> print(f"{float(loss):.5f}")
        1.38973

    It treats masks and `tf.distribute` like `softmax_cross_entropy`.
    """
    _check(labels=labels, logits=logits, weights=weights)
    return ops.sparse_softmax_cross_entropy(
        logits,
        labels,
        _or_one(weights),
        label_smoothing=label_smoothing,
        axis=axis,
        ignore_class=ignore_class,
        reduction=Reduction(reduction),
        normalization=replicas.normalization_of(normalization),
    )


@do_not_convert
def sigmoid_cross_entropy(
    *,
    labels: Any,
    logits: Any,
    weights: Any = None,
    label_smoothing: float = 0.0,
    reduction: Reduction | str | None = Reduction.SUM_BY_NONZERO_WEIGHTS,
    normalization: Normalization = "replica",
) -> tf.Tensor:
    """Sigmoid cross entropy between logits and labels. Each logit has its own label and loss.

    Use it in your own training loop or layer. For `model.compile`, use
    `keras_xent.BinaryCrossentropy`, which takes the mean over the last axis before it applies
    the weights and the reduction.

    With smoothing `s`, the loss of a logit `x` with label `y` is that of
    `tf.compat.v1.losses.sigmoid_cross_entropy`:

        log(1 + exp(-x)) + (1 - y') * x,
        y' = (1 - s) * y + s / 2,

    computed without overflow.

    The result has gradients with respect to the logits, the labels and the weights. These gradients
    are differentiable too.

    Args:
        labels: a tensor of the logits' shape, usually of zeros and ones. Cast to the logits' dtype.
        logits: log-odds, of any shape; float16, bfloat16, float32 or float64.
        weights: None (the same as 1), a scalar, or a tensor of the logits' rank in which every
            dimension is 1 or equals the logits' corresponding dimension, such as `[batch, 1]` for
            logits `[batch, classes]`. Cast to float32, or to float64 for float64 logits.
        label_smoothing: a number in [0, 1] that moves the labels towards 1/2.
        reduction: a `keras_xent.Reduction`, or its name in Keras or TF1. The default is TF1's, as
            for `softmax_cross_entropy`. A weight that is broadcast counts once for each loss.
        normalization: what a replica of a `tf.distribute.Strategy` divides by: its own denominator
            (`"replica"`, like TF1 and Keras), or the sum of all replicas' denominators
            (`"global"`). With `"global"`, the replicas' losses and gradients add up to those of the
            whole batch.

    Returns:
        A tensor of the logits' dtype: a scalar, or the weighted losses, in the logits' shape, if
        `reduction` is `NONE`.

    Raises:
        TypeError: the logits aren't floating point; a tensor is ragged, sparse, or a `KerasTensor`;
            or an argument has another wrong type, or is passed by position.
        ValueError: labels or weights have the wrong shape, an argument is out of range, or the
            reduction is unknown.
        tf.errors.InvalidArgumentError: a shape is wrong, and is known only when the graph runs.

    Examples:
        >>> import keras_xent
        >>> loss = keras_xent.sigmoid_cross_entropy(
        ...     labels=[[1, 0, 1], [0, 1, 1]],
        ...     logits=[[2.0, -1.0, 0.5], [0.3, 1.0, -0.2]],
        ...     weights=[[1.0], [0.0]])
        >>> print(f"{float(loss):.5f}")
        0.30476

    It treats masks and `tf.distribute` like `softmax_cross_entropy`.
    """
    _check(labels=labels, logits=logits, weights=weights)
    return ops.sigmoid_cross_entropy(
        logits,
        labels,
        _or_one(weights),
        label_smoothing=label_smoothing,
        reduction=Reduction(reduction),
        normalization=replicas.normalization_of(normalization),
    )


def _check(**arguments: Any) -> None:
    for name, value in arguments.items():
        if _keras.is_placeholder(value):
            raise TypeError(
                f"{name} is a KerasTensor (a placeholder in a functional model), expected a "
                "tensor: call the function in a layer's call() or in a training step"
            )


def _or_one(weights: Any) -> Any:
    return 1.0 if weights is None else weights
