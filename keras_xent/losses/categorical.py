"""The loss for one-hot labels or probabilities."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_xent import _keras
from keras_xent.losses import ragged, sample_weights
from keras_xent.losses.activation import cached_logits
from keras_xent.losses.base import CrossEntropy
from keras_xent.losses.one_class import warn_of_one_class
from keras_xent.losses.shapes import SAME_SHAPE, of_shape
from keras_xent.losses.weighting import Weighting
from keras_xent.ops import softmax_cross_entropy
from keras_xent.ops.replicas import Normalization
from keras_xent.reduction import Reduction


@_keras.register_serializable
class CategoricalCrossentropy(CrossEntropy):
    """Cross entropy between one-hot labels (or probabilities) and predictions.

    Works like `keras.losses.CategoricalCrossentropy`, but adds TF1's default reduction and uses
    a fused op. With the same arguments, it returns the same values as Keras, except for the
    *Differences* below.

    `y_true` has the shape of `y_pred`.

    If `y_pred` is the output of a softmax, the loss undoes the softmax, as in Keras: it uses the
    softmax's input as logits, so no probability is clipped. With `from_logits=True`, it also shows
    a warning. The loss recognizes the output of Keras's softmax (an activation or a layer), and, in
    a graph, the output of TensorFlow's `Softmax` op. It doesn't recognize the output if another op
    follows, such as a cast to the loss's dtype, or if `y_pred` is ragged. `from_logits` then
    applies as usual. With `from_logits=True`, that means a second softmax, without a warning.

    Args:
        from_logits: whether `y_pred` holds logits. If False, `y_pred` holds probabilities, which
            are normalized and clipped to [epsilon, 1 - epsilon], as in Keras. Epsilon is
            `keras.config.epsilon()` (in Keras 2, `tf.keras.backend.epsilon()`), by default 1e-7.
        label_smoothing: a number in [0, 1]. Labels become
            `y * (1 - label_smoothing) + label_smoothing / num_classes`.
        axis: the class axis.
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
        >>> y_true = [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
        >>> logits = [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]]
        >>> loss = keras_xent.CategoricalCrossentropy(
        ...     from_logits=True, label_smoothing=0.2, reduction="sum_by_nonzero_weights")
        >>> print(f"{float(loss(y_true, logits, sample_weight=[0.0, 0.7])):.5f}")
        0.94014

        `keras.losses.CategoricalCrossentropy` returns half of that, 0.47007. It divides by 2,
        although only one example has a non-zero weight.

        With `compile()`:

        ```python
        model.compile(
            optimizer="sgd",
            loss=keras_xent.CategoricalCrossentropy(
                from_logits=True, reduction="sum_by_nonzero_weights"))
        ```

    To load a model that was saved with this loss, import `keras_xent` first.

    Differences from Keras 3.15 (and from tf_keras 2.21, where mentioned):

    * `reduction="mean_with_sample_weight"` broadcasts the weights before it sums them, like
      TF1's MEAN. Keras sums them without broadcasting. With a scalar weight of 0.4 and a batch
      of 4, Keras returns four times the mean loss.
    * For losses of shape (N, T), weights of shape (N,) are one weight per sample, as Keras
      documents. Keras 3 aligns them with T if N == T, and raises an error otherwise.
    * `label_smoothing` always divides by the number of classes. If `axis` isn't -1, Keras 3 and
      Keras 2.12 (but not tf_keras) divide by the size of the last axis.
    * `label_smoothing` must be in [0, 1]. Keras and tf_keras document this but don't check it.
    * The loss of an empty batch is 0 if the reduction returns a scalar. Keras 3 returns an
      empty tensor.
    * A single unreduced loss with a scalar weight has shape (1,). Keras 3 returns a scalar.
    * If all losses are masked, the loss is 0. tf_keras returns NaN for a mean.
    * `"sum_by_nonzero_weights"` treats a masked example like one with weight zero.
    * `get_config` includes `dtype`. It also adds the prefix `keras_xent>` to `name`, and the
      constructor removes this prefix. The prefix prevents a model in an `.h5` file from loading
      without `keras_xent`, so Keras can't silently use its own loss of the same name.
    * If labels and predictions are ragged with the same row lengths, each element along the ragged
      dimensions, except the class axis, has its own loss, as in tf_keras. Keras 3 raises an error.
      `axis` must be -1 or a dimension after the ragged ones. In tf_keras, a positive `axis` doesn't
      count the batch dimension.
    * If the losses are dense, ragged weights raise an error. tf_keras accepts them if each row
      is as long as a row of the losses.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: Reduction | str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
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
            predictions, self.from_logits, "Softmax", "CategoricalCrossentropy"
        )
        warn_of_one_class(predictions, self.axis)
        if not is_logits:
            return weighting.of(self._of_probabilities(labels, predictions))

        def fused(weights: tf.Tensor) -> tf.Tensor:
            return softmax_cross_entropy(
                predictions,
                labels,
                weights,
                label_smoothing=self.label_smoothing,
                axis=self.axis,
                reduction=weighting.reduction,
            )

        return weighting.fused(fused, predictions, self.axis)

    def _of_probabilities(self, labels: tf.Tensor, probabilities: tf.Tensor) -> tf.Tensor:
        # If the shape is known only when a graph runs, Keras would broadcast the labels.
        labels = of_shape(labels, tf.shape(probabilities), probabilities.shape, SAME_SHAPE)
        if self.label_smoothing:
            # Keras isn't used for this, because it divides by the size of the last axis.
            classes = tf.cast(tf.shape(labels)[self.axis], labels.dtype)
            labels = labels * (1.0 - self.label_smoothing) + self.label_smoothing / classes
        return _keras.probability_crossentropy(labels, probabilities, self.axis)

    def _of_ragged_classes(
        self, labels: tf.Tensor, predictions: tf.Tensor, classes: Any, weighting: Weighting
    ) -> tf.Tensor:
        if self.label_smoothing:
            share = self.label_smoothing / tf.cast(classes.row_lengths(), labels.dtype)
            share = tf.gather(share, classes.value_rowids())
            labels = labels * (1.0 - self.label_smoothing) + share
        labels = classes.with_values(labels).to_tensor()
        padded = ragged.padded(classes, predictions, self.from_logits)
        return self._with(axis=-1, label_smoothing=0.0)._of_dense(labels, padded, weighting)
