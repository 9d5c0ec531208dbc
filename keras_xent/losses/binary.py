"""The loss for labels between 0 and 1, one for each prediction."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_xent import _keras
from keras_xent.losses import sample_weights
from keras_xent.losses.activation import cached_logits
from keras_xent.losses.base import CrossEntropy
from keras_xent.losses.shapes import SAME_SHAPE, of_shape
from keras_xent.losses.weighting import Weighting
from keras_xent.ops import sigmoid_cross_entropy
from keras_xent.ops.replicas import Normalization
from keras_xent.ops.spec import real_dtype
from keras_xent.reduction import Reduction


@_keras.register_serializable
class BinaryCrossentropy(CrossEntropy):
    """Cross entropy between labels in [0, 1] and predictions, computed separately for each class.

    Works like `keras.losses.BinaryCrossentropy`, but adds TF1's default reduction and uses a fused
    op. With the same arguments, it returns the same values as Keras, except for the *Differences*
    below.

    `y_true` has the shape of `y_pred`. As in Keras, each loss is a mean over `axis`, and the
    weights apply to these means. If `y_pred` has shape (N, C), there are N losses.
    `tf.compat.v1.losses.sigmoid_cross_entropy` computes N * C losses, and each of them can have its
    own weight. If you pass weights `w` of shape (N,) here and `w[:, None]` to TF1, the results are
    equal for all reductions with a denominator, and `"sum"` returns TF1's sum divided by C.

    If `y_pred` is the output of a sigmoid, the loss undoes the sigmoid, as in Keras: it uses the
    sigmoid's input as logits, so no probability is clipped. With `from_logits=True`, it also shows
    a warning. The loss recognizes the output of Keras's sigmoid (an activation or a layer), and, in
    a graph, the output of TensorFlow's `Sigmoid` op. It doesn't recognize the output if another op
    follows, such as a cast to the loss's dtype, or if `y_pred` is ragged. `from_logits` then
    applies as usual. With `from_logits=True`, that means a second sigmoid, without a warning.

    Args:
        from_logits: whether `y_pred` holds logits. If False, `y_pred` holds probabilities, which
            are clipped to [epsilon, 1 - epsilon], as in Keras. Epsilon is `keras.config.epsilon()`
            (in Keras 2, `tf.keras.backend.epsilon()`), by default 1e-7. Keras 2 also adds epsilon
            before it takes the logarithm.
        label_smoothing: a number in [0, 1]. Labels become
            `y * (1 - label_smoothing) + label_smoothing / 2`.
        axis: the axis to average over.
        reduction: a `keras_xent.Reduction`, or its name in Keras or TF1. The default,
            `"sum_over_batch_size"`, divides by the number of losses. `"sum_by_nonzero_weights"`,
            TF1's default, divides by the number of non-zero weights. None and `"none"` return the
            weighted losses, unreduced.
        name: the loss's name, or None.
        dtype: the dtype of the computation and the result. None means `keras.config.floatx()` in
            Keras 3 and the dtype of `y_pred` in Keras 2.
        normalization: what a replica of a `tf.distribute.Strategy` divides by: its own denominator
            (`"replica"`, like TF1 and Keras), or the sum of all replicas' denominators
            (`"global"`). With `"global"`, the replicas' losses and gradients add up to those of the
            whole batch.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: an argument is out of range, or Keras's backend isn't TensorFlow.

    Examples:
        >>> import keras_xent
        >>> y_true = [[1, 0, 1], [0, 1, 1]]
        >>> logits = [[2.0, -1.0, 0.5], [0.3, 1.0, -0.2]]
        >>> loss = keras_xent.BinaryCrossentropy(
        ...     from_logits=True, reduction="sum_by_nonzero_weights")
        >>> print(f"{float(loss(y_true, logits, sample_weight=[1.0, 0.0])):.5f}")
        0.30476

        `keras.losses.BinaryCrossentropy` returns half of that, 0.15238. It divides by 2,
        although only one sample has a non-zero weight.

        With `compile()`:

        ```python
        model.compile(
            optimizer="sgd",
            loss=keras_xent.BinaryCrossentropy(
                from_logits=True, reduction="sum_by_nonzero_weights"))
        ```

    To load a model that was saved with this loss, import `keras_xent` first.

    Differences from Keras 3.15 (and from tf_keras 2.21, where mentioned):

    * Labels must have the shape of `y_pred`, but one of the two can have an additional last
      dimension of 1. tf_keras broadcasts labels of shape (N, 1) to probabilities of shape (N, C).
    * Labels of shape (N,) with predictions of shape (N, 1) are N samples. If you call tf_keras's
      loss directly (not in `fit`), it treats them as one sample with N classes.
    * Losses in float16 and bfloat16 are averaged in float32.
    * If there are no classes, the loss is 0. Keras returns NaN.
    * Ragged tensors can have any number of ragged dimensions. If the last dimension is ragged, the
      loss of each row is the mean over its elements, and an empty row has the loss 0. tf_keras
      returns NaN.
    * The differences listed for `CategoricalCrossentropy` that concern weights, masks, empty
      batches, ragged tensors, the range of `label_smoothing` and the config apply here too.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: Reduction | str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        *,
        normalization: Normalization = "replica",
    ) -> None:
        super().__init__(
            from_logits, label_smoothing, axis, reduction, name, dtype, normalization
        )

    def _of_dense(
        self, labels: tf.Tensor, predictions: tf.Tensor, weighting: Weighting
    ) -> tf.Tensor:
        labels, predictions = sample_weights.same_rank(labels, predictions)
        predictions, is_logits = cached_logits(
            predictions, self.from_logits, "Sigmoid", "BinaryCrossentropy"
        )
        self._check_axis(predictions)
        size = tf.shape(predictions)[self.axis]
        if not is_logits or weighting.reduction is Reduction.NONE:
            each = self._each(labels, predictions, is_logits)
            return weighting.of(_share(tf.reduce_sum(_real(each), self.axis), size, each.dtype))

        def fused(weights: tf.Tensor) -> tf.Tensor:
            # The denominator of a mean counts every element of a loss, so the result is already
            # the mean over the classes. A sum has no denominator.
            if weighting.reduction is Reduction.SUM:
                weights = _share(weights, size, weights.dtype)
            if weights.shape.rank != 0:
                weights = tf.expand_dims(weights, self.axis)
            return sigmoid_cross_entropy(
                predictions,
                labels,
                weights,
                label_smoothing=self.label_smoothing,
                reduction=weighting.reduction,
            )

        return weighting.fused(fused, predictions, self.axis)

    def _of_ragged_classes(
        self, labels: tf.Tensor, predictions: tf.Tensor, classes: Any, weighting: Weighting
    ) -> tf.Tensor:
        each = self._each(labels, predictions, self.from_logits)
        sums = tf.math.unsorted_segment_sum(_real(each), classes.value_rowids(), classes.nrows())
        return weighting.of(_share(sums, classes.row_lengths(), each.dtype))

    def _each(self, labels: tf.Tensor, predictions: tf.Tensor, is_logits: bool) -> tf.Tensor:
        """The loss of every element."""
        if is_logits:
            return sigmoid_cross_entropy(
                predictions,
                labels,
                label_smoothing=self.label_smoothing,
                reduction=Reduction.NONE,
            )
        # Keras 2 would broadcast the labels.
        labels = of_shape(labels, tf.shape(predictions), predictions.shape, SAME_SHAPE)
        if self.label_smoothing:
            labels = labels * (1.0 - self.label_smoothing) + 0.5 * self.label_smoothing
        return _keras.binary_probability_crossentropy(labels, predictions)

    def _check_axis(self, predictions: tf.Tensor) -> None:
        rank = predictions.shape.rank
        if rank is not None and not -rank <= self.axis < rank:
            if rank == 0:
                raise ValueError("y_pred is a scalar, expected rank 1 or more")
            raise ValueError(
                f"axis is {self.axis}, expected an int in [{-rank}, {rank}) for y_pred of shape "
                f"{predictions.shape}"
            )


def _real(each: tf.Tensor) -> tf.Tensor:
    return tf.cast(each, real_dtype(each.dtype))


def _share(total: tf.Tensor, size: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    return tf.cast(tf.math.divide_no_nan(total, tf.cast(size, total.dtype)), dtype)
