"""TF1's softmax cross entropy for labels that are class ids."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_xent import ops
from keras_xent._autograph import do_not_convert
from keras_xent._functional import takes_keras_tensors
from keras_xent.reduction import Reduction
from keras_xent.v1 import arguments, calls, results, squeezing


@takes_keras_tensors
@do_not_convert
def sparse_softmax_cross_entropy(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = tf.compat.v1.GraphKeys.LOSSES,
    reduction: Reduction | str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> tf.Tensor:
    """Replaces `tf.compat.v1.losses.sparse_softmax_cross_entropy`.

    The loss of an example with logits `x` and class id `y` is

        log(sum over k of exp(x[k])) - x[y]

    The default reduction returns `sum(losses * weights) / count(weights != 0)`, or 0 if all weights
    are 0. Weights are broadcast to the losses before they are counted. For the other reductions,
    see `keras_xent.Reduction`.

    The result has gradients with respect to the logits and the weights.

    Args:
        labels: class ids in `[0, num_classes)`, int32 or int64, in the logits' shape without
            the last axis. A last dimension of 1 is removed from labels or logits that have one
            dimension too many.
        logits: unscaled log-probabilities of shape `[..., num_classes]`; float16, bfloat16,
            float32 or float64.
        weights: a scalar, or a tensor of the labels' rank in which every dimension is 1 or equals
            the labels' corresponding dimension. A last dimension of 1 is removed if the weights
            have one dimension too many. Cast to float32.
        scope: the name scope of the ops.
        loss_collection: the graph collection to add the loss to, or None. Ignored in eager mode.
        reduction: a `keras_xent.Reduction`, or one of TF1's names.

    Returns:
        The loss in the logits' dtype: a scalar, or the weighted losses if `reduction` is `NONE`.

    Raises:
        TypeError: the logits aren't floating point; the labels are neither int32 nor int64; or a
            tensor is ragged, sparse, or a `KerasTensor` of Keras 3.
        ValueError: the shapes don't match, or an argument is None or out of range.
        tf.errors.InvalidArgumentError: shapes that are known only when the graph runs don't match.
            Also raised on a CPU if a class id is out of range, even if its weight is 0. On a GPU
            and under XLA, the loss and the gradient of such an id are NaN.

    Examples:
        >>> import keras_xent
        >>> loss = keras_xent.v1.sparse_softmax_cross_entropy(
        ...     labels=[1, 2],
        ...     logits=[[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]],
        ...     weights=[0.0, 0.7])
        >>> print(f"{float(loss):.5f}")
        0.97281

    Differences from TF1:

    * Labels of another dtype raise a TypeError in eager mode too. TF1 raises an
      InvalidArgumentError there.
    * float64 losses are weighted and summed in float64. TF1 rounds them to float32 first.
    * In a graph, results of every dtype are named like TF1's float32 results. In TF1, other results
      have the name of a final cast op.
    """

    def compute(
        labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor, **others: Any
    ) -> tf.Tensor:
        with results.op_scope():
            labels, logits, weights = squeezing.squeezed(labels, logits, weights)
            weights = tf.cast(weights, tf.float32)
            return ops.sparse_softmax_cross_entropy(logits, labels, weights, **others)

    return calls.weighted(
        "sparse_softmax_cross_entropy",
        compute,
        {"labels": labels, "logits": logits, "weights": weights},
        scope=scope,
        default_scope="sparse_softmax_cross_entropy_loss",
        loss_collection=loss_collection,
        reduction=reduction,
    )


@takes_keras_tensors
@do_not_convert
def sparse_softmax_cross_entropy_with_logits(
    _sentinel: None = None,
    labels: Any = None,
    logits: Any = None,
    name: str | None = None,
) -> tf.Tensor:
    """Replaces `tf.compat.v1.nn.sparse_softmax_cross_entropy_with_logits`.

    The loss of an example with logits `x` and class id `y` is

        log(sum over k of exp(x[k])) - x[y]

    The losses aren't reduced. They have a gradient with respect to the logits.

    Args:
        _sentinel: leave it out. As in TF1, it forces you to pass labels and logits by keyword.
        labels: class ids in `[0, num_classes)`, int32 or int64, in the logits' shape without
            the last axis.
        logits: unscaled log-probabilities of shape `[..., num_classes]`; float16, bfloat16,
            float32 or float64.
        name: the name of the op.

    Returns:
        The losses, in the logits' dtype and the labels' shape.

    Raises:
        TypeError: the logits aren't floating point; the labels are neither int32 nor int64; or a
            tensor is ragged, sparse, or a `KerasTensor` of Keras 3.
        ValueError: the shapes don't match, an argument is None, or labels or logits are passed by
            position.
        tf.errors.InvalidArgumentError: shapes that are known only when the graph runs don't match.
            Also raised on a CPU if a class id is out of range. On a GPU and under XLA, the loss and
            the gradient of such an id are NaN.

    Examples:
        >>> import keras_xent
        >>> losses = keras_xent.v1.sparse_softmax_cross_entropy_with_logits(
        ...     labels=[0, 1], logits=[[4.0, 2.0, 1.0], [0.0, 5.0, 1.0]])
        >>> print([f"{float(loss):.5f}" for loss in losses])
        ['0.16985', '0.02474']

    Differences from TF1:

    * TensorFlow 2's `compat.v1` has no `_sentinel`, and accepts labels and logits by position.
    * Labels of another dtype raise a TypeError in eager mode too. TF1 raises an
      InvalidArgumentError there.
    * In a graph, float16 losses are named like TF1's float32 losses. In TF1, they have the name of
      a cast op.
    """
    arguments.require_keywords("sparse_softmax_cross_entropy_with_logits", _sentinel)
    default_name = "SparseSoftmaxCrossEntropyWithLogits"

    def compute(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        with results.op_scope():
            return ops.sparse_softmax_cross_entropy(logits, labels, reduction=Reduction.NONE)

    def result_name(scope: str, logits: tf.Tensor) -> str:
        # TF1's last op is the fused op if the logits are a matrix, and otherwise a reshape.
        return (name or default_name) if logits.shape.rank == 2 else "Reshape_2"

    return calls.of_examples(
        "sparse_softmax_cross_entropy_with_logits",
        compute,
        labels,
        logits,
        name=name,
        default_name=default_name,
        result_name=result_name,
    )
