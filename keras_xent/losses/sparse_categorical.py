"""The loss for class ids."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_xent import _keras
from keras_xent.losses import class_ids, ragged_classes
from keras_xent.losses.activation import cached_logits
from keras_xent.losses.base import CrossEntropy
from keras_xent.losses.one_class import warn_of_one_class_of_ids
from keras_xent.losses.weighting import Weighting
from keras_xent.ops import sparse_softmax_cross_entropy
from keras_xent.ops.arguments import ignored_class_of
from keras_xent.ops.replicas import Normalization
from keras_xent.reduction import Reduction


@_keras.register_serializable
class SparseCategoricalCrossentropy(CrossEntropy):
    """Cross entropy between class ids and predictions.

    Works like `keras.losses.SparseCategoricalCrossentropy`, but adds label smoothing and TF1's
    default reduction, and uses a fused op that creates no one-hot labels. With the same
    arguments, it returns the same values as Keras, except for the *Differences* below.

    `y_true` holds integers, in the shape of `y_pred` without the class axis, or with a dimension
    of 1 in place of that axis. Floats are truncated to integers. An id that is out of range raises
    an error on a CPU, even if its weight is 0. On a GPU and under XLA, its loss is NaN.

    If `y_pred` is the output of a softmax, the loss undoes the softmax, as in Keras: it uses the
    softmax's input as logits, so no probability is clipped. With `from_logits=True`, it also shows
    a warning. `keras_xent.CategoricalCrossentropy` lists the cases in which the loss recognizes a
    softmax.

    Args:
        from_logits: whether `y_pred` holds logits. If False, `y_pred` holds probabilities, which
            are clipped to [epsilon, 1 - epsilon] and then normalized, as in Keras. Epsilon is
            `keras.config.epsilon()` (in Keras 2, `tf.keras.backend.epsilon()`), by default 1e-7.
        ignore_class: a class id to ignore. The losses of ignored ids are 0 and have weight 0, and
            no mean counts them. The id doesn't have to be in range: -1 and 255 are common. None
            means that no id is ignored.
        reduction: a `keras_xent.Reduction`, or its name in Keras or TF1. The default,
            `"sum_over_batch_size"`, divides by the number of losses. `"sum_by_nonzero_weights"`,
            TF1's default, divides by the number of non-zero weights. None and `"none"` return the
            weighted losses, unreduced.
        axis: the class axis.
        label_smoothing: a number in [0, 1]. The loss is computed for the labels
            `one_hot * (1 - label_smoothing) + label_smoothing / num_classes`.
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
        >>> logits = [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]]
        >>> loss = keras_xent.SparseCategoricalCrossentropy(
        ...     from_logits=True, label_smoothing=0.2, reduction="sum_by_nonzero_weights")
        >>> print(f"{float(loss([1, 2], logits, sample_weight=[0.0, 0.7])):.5f}")
        0.94014

        With a class to ignore:

        >>> loss = keras_xent.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
        >>> print(f"{float(loss([-1, 2], logits)):.5f}")
        1.38973

        With `compile()`:

        ```python
        model.compile(
            optimizer="sgd",
            loss=keras_xent.SparseCategoricalCrossentropy(
                from_logits=True, reduction="sum_by_nonzero_weights"))
        ```

    To load a model that was saved with this loss, import `keras_xent` first.

    Differences from Keras 3.15 (and from tf_keras 2.21, where mentioned):

    * `label_smoothing` is new. Keras's main branch has it in the same position.
    * `axis` can be any axis. Keras 3 accepts only the last axis. tf_keras's class has no such
      argument.
    * Ids stay integers. Keras 3 casts them to the loss's dtype first, which changes ids above 256
      in bfloat16 and above 2048 in float16. A subclass's `call` receives integers too.
    * The loss undoes a softmax even with `ignore_class`, as in tf_keras. With `ignore_class`, Keras
      3 uses the softmax's output.
    * With ragged tensors, a mean doesn't count ignored ids. tf_keras counts them.
    * Ids must have the losses' shape, or one or two more dimensions of size 1. tf_keras accepts
      any shape with the same number of elements.
    * If there is only one class, the loss is always 0, and it shows a warning.
    * If the class axis is ragged, each loss has its own number of classes, and an id that is out
      of range raises an error on a GPU too. tf_keras pads the predictions of a sample with zeros,
      which then count as classes.
    * The differences listed for `CategoricalCrossentropy` that concern weights, masks, empty
      batches, ragged tensors and the config apply here too.
    """

    _arguments = (
        "from_logits",
        "ignore_class",
        "reduction",
        "axis",
        "label_smoothing",
        "name",
        "dtype",
    )
    _labels_have_classes = False

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: Reduction | str | None = "sum_over_batch_size",
        axis: int = -1,
        label_smoothing: float = 0.0,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        *,
        normalization: Normalization = "replica",
    ) -> None:
        super().__init__(
            from_logits, label_smoothing, axis, reduction, name, dtype, normalization
        )
        self.ignore_class = ignored_class_of(ignore_class)

    def to_labels(self, y_true: Any, dtype: tf.DType) -> tf.Tensor:
        """The labels as class ids."""
        return class_ids.to_ids(y_true)

    def _mask_of(self, labels: tf.Tensor) -> tf.Tensor | None:
        return class_ids.kept(labels, self.ignore_class)

    def _of_dense(
        self, labels: tf.Tensor, predictions: tf.Tensor, weighting: Weighting
    ) -> tf.Tensor:
        predictions, is_logits = cached_logits(
            predictions, self.from_logits, "Softmax", "SparseCategoricalCrossentropy"
        )
        labels, predictions = class_ids.fitted(labels, predictions, self.axis)
        warn_of_one_class_of_ids(predictions, self.axis)
        kept = self._mask_of(labels)
        if is_logits:
            logits = predictions
        else:
            if kept is not None:
                # The gradient of log(NaN) is NaN, even for an upstream gradient of 0.
                predictions = class_ids.without_ignored(predictions, kept, self.axis)
            logits = _keras.clipped_log(predictions)

        def fused(weights: tf.Tensor) -> tf.Tensor:
            return sparse_softmax_cross_entropy(
                logits,
                labels,
                weights,
                label_smoothing=self.label_smoothing,
                axis=self.axis,
                reduction=weighting.reduction,
                ignore_class=self.ignore_class,
            )

        value = weighting.masked(kept).fused(fused, logits, self.axis)
        return _with_mask(value, kept, weighting.reduction)

    def _of_ragged_classes(
        self, labels: tf.Tensor, predictions: tf.Tensor, classes: Any, weighting: Weighting
    ) -> tf.Tensor:
        logits = predictions if self.from_logits else _keras.clipped_log(predictions)
        counts = classes.row_lengths()
        # Predictions with one class, because only the number of losses matters here.
        ids, _ = class_ids.fitted(labels, counts[:, None], axis=-1)
        ids = class_ids.of_losses(ids, tf.shape(counts), counts.shape)
        kept = self._mask_of(ids)
        losses = ragged_classes.losses(classes, logits, ids, kept, self.label_smoothing)
        value = weighting.of(losses)
        return _with_mask(value, kept, weighting.reduction)


def _with_mask(
    value: tf.Tensor, kept: tf.Tensor | None, reduction: Reduction
) -> tf.Tensor:
    if kept is not None and reduction is Reduction.NONE:
        # Keras attaches its mask in the same way, for the code that reduces the losses of `call`.
        value._keras_mask = kept
    return value
