"""TF1's softmax cross entropy of labels that are distributions."""

from __future__ import annotations

from typing import Any, Optional, Union

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
    scope: Optional[str] = None,
    loss_collection: Optional[str] = tf.compat.v1.GraphKeys.LOSSES,
    reduction: Union[Reduction, str] = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> tf.Tensor:
    """`tf.compat.v1.losses.softmax_cross_entropy`.

    The gradient flows to logits and weights, not to labels.

    Args:
        onehot_labels: labels of the logits' shape; cast to the logits' dtype.
        logits: unscaled log-probabilities of shape `[..., num_classes]`; float16, bfloat16,
            float32 or float64.
        weights: a scalar, or a tensor of the losses' rank (the logits' without the last
            axis) in which every dimension is 1 or the losses'. Cast to float32.
        label_smoothing: a number up to 1; none if 0 or less.
        scope: the name scope of the ops.
        loss_collection: the collection of the graph that the loss joins, or None. Ignored
            eagerly.
        reduction: a `keras_xent.Reduction`, or one of TF1's names.

    Returns:
        The loss in the logits' dtype: a scalar, or for `Reduction.NONE` the weighted losses.

    Raises:
        TypeError: the logits are no floating point tensor; in a graph, a `label_smoothing`
            whose value is not known yet.
        ValueError: shapes that don't fit, an argument that is None or out of range.
        tf.errors.InvalidArgumentError: the same of shapes known only when a graph runs.

    Example:

    >>> import keras_xent
    >>> loss = keras_xent.v1.softmax_cross_entropy(
    ...     onehot_labels=[[0, 1, 0], [0, 0, 1]],
    ...     logits=[[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]],
    ...     weights=[0.0, 0.7],
    ...     label_smoothing=0.2)
    >>> print(f"{float(loss):.5f}")
    0.94014

    Differences from TF1: labels are never broadcast to the logits (TF1 does it with shapes that
    are known only when a graph runs); a `label_smoothing` above 1 is refused, and one that is a
    constant of the graph is taken; float64 logits are weighted and summed in float64 (TF1
    rounds to float32 on the way); on a CPU a class without label mass adds nothing even if its
    logit is -inf (TF1 returns NaN, and so does the portable backend); float16 labels are
    smoothed over more than 65,504 classes too (TF1 divides by float16's infinity); the result
    is named as a float32 one whatever its dtype (TF1's last op is a cast).
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
    axis: Optional[int] = None,
    name: Optional[str] = None,
    dim: Optional[int] = None,
) -> tf.Tensor:
    """`tf.compat.v1.nn.softmax_cross_entropy_with_logits_v2`.

    The gradient flows to logits and labels.

    Args:
        labels: of the logits' shape, usually a probability distribution along `axis`; cast
            to the logits' dtype. The class axis of labels or logits may have 1 where the
            other has more, and so may all their other axes together: `[1, C]` or `[C]` beside
            `[B, C]`, `[1, 1, C]` beside `[B, T, C]`. The gradients are summed over what was
            broadcast.
        logits: unscaled log-probabilities; float16, bfloat16, float32 or float64; rank 1 or
            more.
        axis: the class axis, counted from the end if negative; None means the last.
        name: the name of the op.
        dim: TF1's older name of `axis`.

    Returns:
        The losses: the logits' dtype, and their shape without the class axis.

    Raises:
        TypeError: the logits are no floating point tensor.
        ValueError: shapes that don't fit, an axis out of range, both `axis` and `dim`.
        tf.errors.InvalidArgumentError: the same of shapes known only when a graph runs.

    Example:

    >>> import keras_xent
    >>> losses = keras_xent.v1.softmax_cross_entropy_with_logits_v2(
    ...     labels=[[1.0, 0.0, 0.0], [0.0, 0.8, 0.2]],
    ...     logits=[[4.0, 2.0, 1.0], [0.0, 5.0, 1.0]])
    >>> print([f"{float(loss):.5f}" for loss in losses])
    ['0.16985', '0.82474']

    Differences from TF1: labels and logits that are broadcast have gradients, and logits may
    have fewer rows than the labels (TF1 raises an error); `axis` may be any negative number
    (TF1 knows -1 alone); on a CPU a class without label mass adds nothing even if its logit is
    -inf (TF1 returns NaN, and so does the portable backend); the logits' gradient can be
    differentiated with respect to the labels (TF1 returns 0); 16-bit losses are named as
    float32 ones (TF1's last op is a cast).
    """
    return calls.of_examples(
        "softmax_cross_entropy_with_logits_v2",
        _losses,
        labels,
        logits,
        axis=_class_axis(axis, dim, "dim is TF1's older name of axis"),
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
    dim: Optional[int] = -1,
    name: Optional[str] = None,
    axis: Optional[int] = None,
) -> tf.Tensor:
    """`tf.compat.v1.nn.softmax_cross_entropy_with_logits`, TF1's older function.

    The gradient flows to the logits, and stops at the labels. That is its one difference from
    `softmax_cross_entropy_with_logits_v2`.

    Args:
        _sentinel: nothing. TF1 has it so that labels and logits are given by keyword.
        labels: as `softmax_cross_entropy_with_logits_v2` takes them.
        logits: unscaled log-probabilities; float16, bfloat16, float32 or float64; rank 1 or
            more.
        dim: the class axis, counted from the end if negative; None means the last.
        name: the name of the op.
        axis: another name of `dim`, which as in TF1 needs `dim=None` beside it.

    Returns:
        The losses: the logits' dtype, and their shape without the class axis.

    Raises:
        TypeError: the logits are no floating point tensor.
        ValueError: shapes that don't fit, an axis out of range, both `axis` and `dim`, labels
            or logits without a keyword.
        tf.errors.InvalidArgumentError: the same of shapes known only when a graph runs.

    Example:

    >>> import keras_xent
    >>> losses = keras_xent.v1.softmax_cross_entropy_with_logits(
    ...     labels=[[1.0, 0.0, 0.0], [0.0, 0.8, 0.2]],
    ...     logits=[[4.0, 2.0, 1.0], [0.0, 5.0, 1.0]])
    >>> print([f"{float(loss):.5f}" for loss in losses])
    ['0.16985', '0.82474']

    Differences from TF1: TensorFlow 2's `compat.v1` has no `_sentinel`, and takes labels and
    logits by position; else those of `softmax_cross_entropy_with_logits_v2`.
    """
    arguments.require_keywords("softmax_cross_entropy_with_logits", _sentinel)
    advice = "give dim alone, or dim=None beside axis, as dim is -1 by default"

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


def _class_axis(axis: Optional[int], dim: Optional[int], advice: str) -> int:
    """The class axis, which has two names.

    Raises:
        ValueError: both are given. The error ends with the advice.
    """
    if axis is not None and dim is not None:
        raise ValueError(f"both axis ({axis}) and dim ({dim}) are given, expected one: {advice}")
    return axis if axis is not None else dim if dim is not None else -1


def _stopped(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """The labels in the logits' dtype, at which the gradient stops."""
    return tf.stop_gradient(tf.cast(labels, logits.dtype), name="labels_stop_gradient")


def _losses(labels: tf.Tensor, logits: tf.Tensor, axis: int) -> tf.Tensor:
    labels = tf.cast(labels, logits.dtype)
    logits, labels = broadcasting.to_one_shape(logits, labels, axis)
    with results.op_scope():
        return ops.softmax_cross_entropy(logits, labels, axis=axis, reduction=Reduction.NONE)


def _result_name(scope: str, logits: tf.Tensor) -> str:
    # TF1's last op is the reshape of the losses.
    return "Reshape_2"
