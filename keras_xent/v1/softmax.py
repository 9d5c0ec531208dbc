"""TF1's softmax cross entropy for labels that are one-hot or probabilities."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_xent import ops
from keras_xent._autograph import do_not_convert
from keras_xent._functional import takes_keras_tensors
from keras_xent.ops import broadcasting
from keras_xent.reduction import Reduction
from keras_xent.v1 import arguments, calls, results


@takes_keras_tensors
@do_not_convert
def softmax_cross_entropy(
    onehot_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = tf.compat.v1.GraphKeys.LOSSES,
    reduction: Reduction | str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> tf.Tensor:
    """Replaces `tf.compat.v1.losses.softmax_cross_entropy`.

    With `C` classes and smoothing `s`, the loss of an example with logits `x` and labels `y` is

        sum over c of y'[c] * (log(sum over k of exp(x[k])) - x[c]),
        y'[c] = (1 - s) * y[c] + s / C

    The default reduction returns `sum(losses * weights) / count(weights != 0)`, or 0 if all weights
    are 0. Weights are broadcast to the losses before they are counted. For the other reductions,
    see `keras_xent.Reduction`.

    The result has gradients with respect to the logits and the weights. As in TF1, it has none with
    respect to the labels.

    Args:
        onehot_labels: one-hot labels or probabilities, in the logits' shape. Cast to the logits'
            dtype.
        logits: unscaled log-probabilities of shape `[..., num_classes]`; float16, bfloat16,
            float32 or float64.
        weights: a scalar, or a tensor of the losses' rank in which every dimension is 1 or equals
            the losses' corresponding dimension. (The losses have the logits' shape without the last
            axis.) Cast to float32.
        label_smoothing: a number up to 1. 0 or less means no smoothing.
        scope: the name scope of the ops.
        loss_collection: the graph collection to add the loss to, or None. Ignored in eager mode.
        reduction: a `keras_xent.Reduction`, or one of TF1's names.

    Returns:
        The loss in the logits' dtype: a scalar, or the weighted losses if `reduction` is `NONE`.

    Raises:
        TypeError: the logits aren't floating point; a tensor is ragged, sparse, or a `KerasTensor`
            of Keras 3; or `label_smoothing` isn't a number, or its value is known only when the
            graph runs.
        ValueError: the shapes don't match, or an argument is None or out of range.
        tf.errors.InvalidArgumentError: shapes that are known only when the graph runs don't match.

    Examples:
        >>> import keras_xent
        >>> loss = keras_xent.v1.softmax_cross_entropy(
        ...     onehot_labels=[[0, 1, 0], [0, 0, 1]],
        ...     logits=[[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]],
        ...     weights=[0.0, 0.7],
        ...     label_smoothing=0.2)
        >>> print(f"{float(loss):.5f}")
        0.94014

    Differences from TF1:

    * Labels are never broadcast to the logits. TF1 broadcasts them if the shapes are known only
      when a graph runs.
    * `label_smoothing` can be a constant tensor of a graph. A value above 1 raises an error.
    * float64 losses are weighted and summed in float64. TF1 rounds them to float32 first.
    * With the native kernels, a class whose label is 0 adds nothing, even if its logit is -inf. TF1
      and the portable backend return NaN.
    * float16 labels are smoothed even with more than 65,519 classes. TF1 then divides by infinity.
    * In a graph, results of every dtype are named like TF1's float32 results. In TF1, other results
      have the name of a final cast op.
    """

    def compute(
        labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor, **others: Any
    ) -> tf.Tensor:
        labels = _stopped(labels, logits)
        weights = tf.cast(weights, tf.float32)
        with results.op_scope():
            return ops.softmax_cross_entropy(logits, labels, weights, **others)

    return calls.weighted(
        "softmax_cross_entropy",
        compute,
        {"onehot_labels": onehot_labels, "logits": logits, "weights": weights},
        scope=scope,
        default_scope="softmax_cross_entropy_loss",
        loss_collection=loss_collection,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )


@takes_keras_tensors
@do_not_convert
def softmax_cross_entropy_with_logits_v2(
    labels: Any,
    logits: Any,
    axis: int | None = None,
    name: str | None = None,
    dim: int | None = None,
) -> tf.Tensor:
    """Replaces `tf.compat.v1.nn.softmax_cross_entropy_with_logits_v2`.

    The loss of an example with logits `x` and labels `y` is

        sum over c of y[c] * (log(sum over k of exp(x[k])) - x[c])

    The losses aren't reduced. They have gradients with respect to the logits and the labels.

    Args:
        labels: a tensor of the logits' shape, usually a probability distribution along `axis`.
            Cast to the logits' dtype. Labels and logits are broadcast to each other if one has
            size 1 along the class axis, or along all other axes: `[1, C]` or `[C]` with
            `[B, C]`, `[1, 1, C]` with `[B, T, C]`. The gradients are summed over the broadcast
            axes.
        logits: unscaled log-probabilities of rank 1 or more; float16, bfloat16, float32 or
            float64.
        axis: the class axis. A negative axis counts from the end. None means the last axis.
        name: the name of the op.
        dim: TF1's older name for `axis`.

    Returns:
        The losses, in the logits' dtype and in the broadcast shape without the class axis.

    Raises:
        TypeError: the logits aren't floating point, or a tensor is ragged, sparse, or a
            `KerasTensor` of Keras 3.
        ValueError: the shapes don't match, an argument is None, the axis is out of range, or both
            `axis` and `dim` are passed.
        tf.errors.InvalidArgumentError: shapes that are known only when the graph runs don't match.

    Examples:
        >>> import keras_xent
        >>> losses = keras_xent.v1.softmax_cross_entropy_with_logits_v2(
        ...     labels=[[1.0, 0.0, 0.0], [0.0, 0.8, 0.2]],
        ...     logits=[[4.0, 2.0, 1.0], [0.0, 5.0, 1.0]])
        >>> print([f"{float(loss):.5f}" for loss in losses])
        ['0.16985', '0.82474']

    Differences from TF1:

    * Broadcast labels and logits have gradients, and the logits can have fewer rows than the
      labels. TF1 raises an error in both cases.
    * `axis` can be less than -1, which TF1 doesn't accept.
    * With the native kernels, a class whose label is 0 adds nothing, even if its logit is -inf. TF1
      and the portable backend return NaN.
    * The gradient with respect to the logits can be differentiated with respect to the labels. TF1
      returns 0.
    * In a graph, 16-bit losses are named like TF1's float32 losses. In TF1, they have the name of a
      cast op.
    """
    return calls.of_examples(
        "softmax_cross_entropy_with_logits_v2",
        _losses,
        labels,
        logits,
        axis=_class_axis(axis, dim, "dim is TF1's older name for axis"),
        name=name,
        default_name="softmax_cross_entropy_with_logits",
        result_name=_result_name,
    )


@takes_keras_tensors
@do_not_convert
def softmax_cross_entropy_with_logits(
    _sentinel: None = None,
    labels: Any = None,
    logits: Any = None,
    dim: int | None = -1,
    name: str | None = None,
    axis: int | None = None,
) -> tf.Tensor:
    """Replaces `tf.compat.v1.nn.softmax_cross_entropy_with_logits`, TF1's older function.

    The losses have no gradient with respect to the labels. Apart from the signature and the default
    op name, this is the only difference from `softmax_cross_entropy_with_logits_v2`.

    Args:
        _sentinel: leave it out. As in TF1, it forces you to pass labels and logits by keyword.
        labels: the same as for `softmax_cross_entropy_with_logits_v2`.
        logits: unscaled log-probabilities of rank 1 or more; float16, bfloat16, float32 or
            float64.
        dim: the class axis. A negative axis counts from the end. None means the last axis.
        name: the name of the op.
        axis: another name for `dim`. As in TF1, you have to pass `dim=None` if you use it.

    Returns:
        The losses, in the logits' dtype and in the broadcast shape without the class axis.

    Raises:
        TypeError: the logits aren't floating point, or a tensor is ragged, sparse, or a
            `KerasTensor` of Keras 3.
        ValueError: the shapes don't match, an argument is None, the axis is out of range, both
            `axis` and `dim` are passed, or labels or logits are passed by position.
        tf.errors.InvalidArgumentError: shapes that are known only when the graph runs don't match.

    Examples:
        >>> import keras_xent
        >>> losses = keras_xent.v1.softmax_cross_entropy_with_logits(
        ...     labels=[[1.0, 0.0, 0.0], [0.0, 0.8, 0.2]],
        ...     logits=[[4.0, 2.0, 1.0], [0.0, 5.0, 1.0]])
        >>> print([f"{float(loss):.5f}" for loss in losses])
        ['0.16985', '0.82474']

    Differences from TF1:

    * TensorFlow 2's `compat.v1` has no `_sentinel`, and accepts labels and logits by position.
    * The differences listed for `softmax_cross_entropy_with_logits_v2` apply here too.
    """
    arguments.require_keywords("softmax_cross_entropy_with_logits", _sentinel)
    advice = "pass dim alone, or pass dim=None with axis, because dim is -1 by default"

    def compute(labels: tf.Tensor, logits: tf.Tensor, axis: int) -> tf.Tensor:
        return _losses(_stopped(labels, logits), logits, axis)

    return calls.of_examples(
        "softmax_cross_entropy_with_logits",
        compute,
        labels,
        logits,
        axis=_class_axis(axis, dim, advice),
        name=name,
        default_name="softmax_cross_entropy_with_logits_sg",
        result_name=_result_name,
    )


def _class_axis(axis: int | None, dim: int | None, advice: str) -> int:
    """The class axis, which has two names.

    Raises:
        ValueError: both are set. The error ends with `advice`.
    """
    if axis is not None and dim is not None:
        raise ValueError(f"axis is {axis} and dim is {dim}, expected only one of them: {advice}")
    return axis if axis is not None else dim if dim is not None else -1


def _stopped(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """The labels in the logits' dtype, without a gradient."""
    return tf.stop_gradient(tf.cast(labels, logits.dtype), name="labels_stop_gradient")


def _losses(labels: tf.Tensor, logits: tf.Tensor, axis: int) -> tf.Tensor:
    labels = tf.cast(labels, logits.dtype)
    logits, labels = broadcasting.to_one_shape(logits, labels, axis)
    with results.op_scope():
        return ops.softmax_cross_entropy(logits, labels, axis=axis, reduction=Reduction.NONE)


def _result_name(scope: str, logits: tf.Tensor) -> str:
    # TF1's last op reshapes the losses.
    return "Reshape_2"
