"""TF1's sigmoid cross entropy."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_xent import ops
from keras_xent._autograph import do_not_convert
from keras_xent._functional import takes_keras_tensors
from keras_xent.reduction import Reduction
from keras_xent.v1 import arguments, calls, results


@takes_keras_tensors
@do_not_convert
def sigmoid_cross_entropy(
    multi_class_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = tf.compat.v1.GraphKeys.LOSSES,
    reduction: Reduction | str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> tf.Tensor:
    """Replaces `tf.compat.v1.losses.sigmoid_cross_entropy`.

    Each logit has its own label and loss. With smoothing `s`, the loss of a logit `x` with label
    `y` is

        log(1 + exp(-x)) + (1 - y') * x,
        y' = (1 - s) * y + s / 2,

    computed without overflow. The default reduction returns
    `sum(losses * weights) / count(weights != 0)`, or 0 if all weights are 0. Weights are broadcast
    to the losses before they are counted. For the other reductions, see `keras_xent.Reduction`.

    The result has gradients with respect to the logits, the weights and the labels. (The result of
    `softmax_cross_entropy` has none with respect to the labels.)

    Args:
        multi_class_labels: probabilities in the logits' shape, usually 0 or 1. Cast to the
            logits' dtype.
        logits: a tensor of any shape; float16, bfloat16, float32 or float64.
        weights: a scalar, or a tensor of the logits' rank in which every dimension is 1 or equals
            the logits' corresponding dimension, such as `[batch, 1]` for logits `[batch, classes]`.
            Cast to float32.
        label_smoothing: a number up to 1 that moves the labels towards 1/2. 0 or less means no
            smoothing.
        scope: the name scope of the ops.
        loss_collection: the graph collection to add the loss to, or None. Ignored in eager mode.
        reduction: a `keras_xent.Reduction`, or one of TF1's names.

    Returns:
        The loss in the logits' dtype: a scalar, or the weighted losses, in the logits' shape, if
        `reduction` is `NONE`.

    Raises:
        TypeError: the logits aren't floating point; a tensor is ragged, sparse, or a `KerasTensor`
            of Keras 3; or `label_smoothing` isn't a number, or its value is known only when the
            graph runs.
        ValueError: the shapes don't match, or an argument is None or out of range.
        tf.errors.InvalidArgumentError: shapes that are known only when the graph runs don't match.

    Examples:
        >>> import keras_xent
        >>> loss = keras_xent.v1.sigmoid_cross_entropy(
        ...     multi_class_labels=[[0, 1, 1], [1, 0, 0]],
        ...     logits=[[-2.0, 1.5, 0.5], [3.0, -1.0, 0.0]],
        ...     weights=[[0.0], [0.7]],
        ...     label_smoothing=0.2)
        >>> print(f"{float(loss):.5f}")
        0.33950

    Differences from TF1:

    * Labels are never broadcast to the logits. TF1 broadcasts them if the shapes are known only
      when a graph runs.
    * `label_smoothing` can be a constant tensor of a graph. A value above 1 raises an error.
    * With the native kernels, the loss of an infinite logit is 0 or infinite. TF1 and the portable
      backend usually return NaN.
    * float64 losses are weighted and summed in float64. TF1 rounds them to float32 first.
    * In a graph, results of every dtype are named like TF1's float32 results. In TF1, other results
      have the name of a final cast op.
    """

    def compute(
        labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor, **others: Any
    ) -> tf.Tensor:
        with results.op_scope():
            weights = tf.cast(weights, tf.float32)
            return ops.sigmoid_cross_entropy(logits, labels, weights, **others)

    return calls.weighted(
        "sigmoid_cross_entropy",
        compute,
        {"multi_class_labels": multi_class_labels, "logits": logits, "weights": weights},
        scope=scope,
        default_scope="sigmoid_cross_entropy_loss",
        loss_collection=loss_collection,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )


@takes_keras_tensors
@do_not_convert
def sigmoid_cross_entropy_with_logits(
    _sentinel: None = None,
    labels: Any = None,
    logits: Any = None,
    name: str | None = None,
) -> tf.Tensor:
    """Replaces `tf.compat.v1.nn.sigmoid_cross_entropy_with_logits`.

    Each logit has its own label and loss. The loss of a logit `x` with label `y` is

        log(1 + exp(-x)) + (1 - y) * x,

    computed without overflow. The losses aren't reduced. They have gradients with respect to the
    logits and the labels.

    Args:
        _sentinel: leave it out. As in TF1, it forces you to pass labels and logits by keyword.
        labels: probabilities in the logits' shape, usually 0 or 1. Cast to the logits' dtype.
        logits: a tensor of any shape; float16, bfloat16, float32 or float64.
        name: the name of the op.

    Returns:
        The losses, in the logits' dtype and shape.

    Raises:
        TypeError: the logits aren't floating point, or a tensor is ragged, sparse, or a
            `KerasTensor` of Keras 3.
        ValueError: the shapes don't match, an argument is None, or labels or logits are passed by
            position.
        tf.errors.InvalidArgumentError: shapes that are known only when the graph runs don't match.

    Examples:
        >>> import keras_xent
        >>> losses = keras_xent.v1.sigmoid_cross_entropy_with_logits(
        ...     labels=[1.0, 0.0, 0.5], logits=[2.0, -30.0, 1000.0])
        >>> print([f"{float(loss):.5g}" for loss in losses])
        ['0.12693', '9.3576e-14', '500']

    Differences from TF1:

    * TensorFlow 2's `compat.v1` has no `_sentinel`, and accepts labels and logits by position.
    * Labels of another dtype are cast. TF1 raises an error.
    * Labels and logits are never broadcast. TF1 broadcasts them if the shapes are known only when
      a graph runs.
    * With the native kernels, the loss of an infinite logit is 0 or infinite. TF1 and the portable
      backend usually return NaN.
    """
    arguments.require_keywords("sigmoid_cross_entropy_with_logits", _sentinel)

    def compute(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        with results.op_scope():
            return ops.sigmoid_cross_entropy(logits, labels, reduction=Reduction.NONE)

    return calls.of_examples(
        "sigmoid_cross_entropy_with_logits",
        compute,
        labels,
        logits,
        name=name,
        default_name="logistic_loss",
        # TF1's last op has the scope's name.
        result_name=lambda scope, logits: scope,
    )
