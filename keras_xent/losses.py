"""The Keras loss."""

from __future__ import annotations

import operator
import warnings
from typing import Any, Callable, Dict, Optional, Union

import tensorflow as tf

from keras_xent import _functional, _keras, _other_keras, ragged, sample_weights
from keras_xent.ops import conversion, softmax_cross_entropy, weighting
from keras_xent.ops.arguments import smoothing_of as checked_smoothing
from keras_xent.reduction import Reduction

_MEANS = (Reduction.SUM_OVER_BATCH_SIZE, Reduction.MEAN, Reduction.SUM_BY_NONZERO_WEIGHTS)

# Of names in configs: no loss of Keras's has it in its name.
_NAME_PREFIX = "keras_xent>"


@_keras.register_serializable
class CategoricalCrossentropy(_keras.LossBase):
    """Cross entropy of one-hot or soft labels and predictions.

    `keras.losses.CategoricalCrossentropy` with one more reduction, TF1's default, and the
    fused op of this package. With Keras's own arguments the result is Keras's, except
    where Keras departs from its documentation (see *Differences* below).

    Args:
        from_logits: whether `y_pred` holds logits. Otherwise it holds probabilities,
            which Keras renormalises and clips to [epsilon, 1 - epsilon].
        label_smoothing: a number in [0, 1]. Labels become
            `y * (1 - label_smoothing) + label_smoothing / num_classes`.
        axis: the class axis.
        reduction: a `keras_xent.Reduction`, or a name of one in Keras or TF1.
            `"sum_by_nonzero_weights"` divides by the number of non-zero weights.
        name: the loss's name, or None.
        dtype: the dtype of the computation; None means `keras.config.floatx()` in Keras 3
            and the dtype of `y_pred` in Keras 2.

    Raises:
        TypeError, ValueError: an argument has another type or is out of range; Keras runs
            on another backend than TensorFlow.

    Examples:

    >>> import keras_xent
    >>> y_true = [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    >>> logits = [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]]
    >>> loss = keras_xent.CategoricalCrossentropy(
    ...     from_logits=True, label_smoothing=0.2, reduction="sum_by_nonzero_weights")
    >>> print(f"{float(loss(y_true, logits, sample_weight=[0.0, 0.7])):.5f}")
    0.94014

    `keras.losses.CategoricalCrossentropy` gives half of that, 0.47007: it divides by two
    elements, where only one has a weight.

    With `compile()`:

    ```python
    model.compile(
        optimizer="sgd",
        loss=keras_xent.CategoricalCrossentropy(
            from_logits=True, reduction="sum_by_nonzero_weights"))
    ```

    A model saved with this loss loads where `keras_xent` has been imported.

    Differences from Keras 3.15 (and, where said, tf_keras 2.21):

    * `reduction="mean_with_sample_weight"` broadcasts the weights before it sums them, as
      TF1's MEAN does. Keras sums them as they came: a scalar weight of 0.4 on a batch of 4
      gives it ten times the mean loss, instead of the mean loss.
    * Weights of shape (N,) beside losses of shape (N, T) are one weight a sample, as
      Keras documents. Keras 3 broadcasts them along T if N == T, and fails otherwise.
    * `label_smoothing` with an `axis` other than -1 divides by the number of classes. Keras
      divides by the size of the last axis, and so does Keras 2.12 (not tf_keras).
    * `label_smoothing` must be in [0, 1], as Keras and tf_keras document but do not check.
    * An empty batch gives 0 with every reduction to a scalar. Keras 3 gives an empty tensor.
    * A mask that keeps nothing gives 0. tf_keras gives NaN for a mean.
    * A masked element counts as weight zero in `"sum_by_nonzero_weights"`.
    * `get_config` keeps `dtype`, and writes `name` with the prefix `keras_xent>`: a model in an
      `.h5` file then fails to load where `keras_xent` is not imported, instead of getting
      Keras's loss of that name. The constructor drops the prefix.
    * Ragged labels and predictions with the same rows give one loss for every element of every
      row, as in tf_keras. Keras 3 raises an error. `axis` is -1 or a dimension behind the
      ragged ones; tf_keras counts a positive `axis` within a sample.
    * Ragged weights beside dense losses raise an error. tf_keras takes them if every row has
      the losses' size.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: Union[Reduction, str, None] = "sum_over_batch_size",
        name: Optional[str] = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        if isinstance(axis, bool) or not hasattr(axis, "__index__"):
            raise TypeError(
                f"axis is {axis!r} of type {type(axis).__name__}, expected one int: the class axis"
            )
        if name is not None and not isinstance(name, str):
            raise TypeError(
                f"name is {name!r} of type {type(name).__name__}, expected a string or None"
            )
        if name is not None and name.startswith(_NAME_PREFIX):
            name = name[len(_NAME_PREFIX) :]
        from_logits = conversion.to_bool(from_logits, "from_logits")
        label_smoothing = checked_smoothing(label_smoothing)
        super().__init__(name=name, reduction=Reduction(reduction), dtype=dtype)
        if self.dtype is not None and not tf.as_dtype(self.dtype).is_floating:
            raise ValueError(f"dtype is {dtype!r}, expected a floating point dtype or None")
        self._wanted_reduction = Reduction(reduction)
        self._wanted_dtype = dtype
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = operator.index(axis)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> tf.Tensor:
        """Computes the loss.

        Args:
            y_true: labels, of the shape of `y_pred`; ragged if `y_pred` is, with the same
                rows. (Dense labels beside ragged predictions: these are padded with zeros,
                and the padding counts, as in tf_keras.)
            y_pred: logits or probabilities, of rank 1 or more, dense or ragged. A mask that
                Keras's layers left on it counts.
            sample_weight: None, a scalar, a tensor of the losses' shape (that of `y_pred`
                without the class axis) or with dimensions of 1 in it, the same with one
                more last dimension of 1, or a tensor of fewer dimensions that match the
                first ones: shape (N,) is one weight a sample. Beside ragged losses also a
                ragged tensor with their rows.

        Returns:
            A scalar, or for `Reduction.NONE` the weighted losses, ragged if `y_pred` is.

        Raises:
            TypeError: a ragged tensor beside a dense one; a symbolic one of Keras 3's functional
                models; a model of another Keras than `tf.keras` calls the loss.
            ValueError: shapes or rows that don't fit.
        """
        arguments = {"y_true": y_true, "y_pred": y_pred, "sample_weight": sample_weight}
        if _functional.is_symbolic(arguments.values()):
            return _functional.as_layer(self, arguments)
        if tf.executing_eagerly():
            return self._compute(self.call, y_true, y_pred, sample_weight)
        with tf.name_scope(self.scope_name):
            return self._compute(_keras.autographed(self.call), y_true, y_pred, sample_weight)

    def call(self, y_true: Any, y_pred: Any) -> tf.Tensor:
        """The losses of every element, without weights: `y_pred`'s shape less the class axis.

        A subclass may override it; weights, masks and the reduction then apply to what it
        returns.
        """
        _other_keras.check_caller(*_other_keras.TRAINERS)
        if ragged.either(y_true, y_pred):
            flat = ragged.flatten(self, y_true, y_pred)
            return flat.rows.restored(self._of_flat(flat).call(flat.labels, flat.predictions))
        labels, predictions = self.to_tensors(y_true, y_pred)
        labels, predictions = sample_weights.same_rank(labels, predictions)
        predictions, is_logits = _keras.cached_logits(predictions, self.from_logits)
        self._warn_of_one_class(predictions)
        if is_logits:
            return softmax_cross_entropy(
                predictions,
                labels,
                label_smoothing=self.label_smoothing,
                axis=self.axis,
                reduction=Reduction.NONE,
            )
        return self._from_probabilities(labels, predictions)

    def get_config(self) -> Dict[str, Any]:
        """The constructor's arguments, JSON-serializable.

        The name has a prefix, which the constructor drops. Keras 3 looks for a loss that it
        doesn't know by its name alone when it reads an `.h5` file, and takes one of its own.
        """
        return {
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
            "axis": self.axis,
            "reduction": self._wanted_reduction.value,
            "name": None if self.name is None else _NAME_PREFIX + self.name,
            "dtype": None if self._wanted_dtype is None else self.dtype,
        }

    @classmethod
    def from_config(cls, config: Dict[str, Any]) -> CategoricalCrossentropy:
        """The loss that `get_config` described."""
        return cls(**config)

    def __repr__(self) -> str:
        arguments = {**self.get_config(), "name": self.name}
        listed = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        return f"{type(self).__name__}({listed})"

    @tf.autograph.experimental.do_not_convert
    def _compute(
        self, call: Callable[..., Any], y_true: Any, y_pred: Any, sample_weight: Any
    ) -> tf.Tensor:
        for argument, value in (("y_true", y_true), ("y_pred", y_pred)):
            if _keras.is_placeholder(value):
                raise TypeError(
                    f"{argument} is a KerasTensor, a placeholder in a functional model, expected "
                    "values: give the loss to compile(), or call it in a layer's call()"
                )
        _other_keras.check_caller(*_other_keras.CALLERS, *_other_keras.TRAINERS)
        self.check_strategy()
        mask = _keras.mask_of(y_pred)
        if type(self).call is CategoricalCrossentropy.call:
            if ragged.either(y_true, y_pred):
                flat = ragged.flatten(self, y_true, y_pred)
                weights, mask = flat.rows.weights(
                    sample_weight, mask, flat.predictions.dtype, self._wanted_reduction
                )
                value = self._of_flat(flat)._fused(flat.labels, flat.predictions, weights, mask)
                value = flat.rows.restored(value)
            else:
                value = self._fused(y_true, y_pred, sample_weight, mask)
        else:
            losses, losses_mask = self.losses_of(call, y_true, y_pred)
            value = self._weighted(losses, sample_weight, _keras.merge_masks(mask, losses_mask))
        if self._wanted_reduction in _MEANS:
            return self.scale_for_distribution(value)
        return value

    def _of_flat(self, flat: ragged.Flat) -> CategoricalCrossentropy:
        """This loss for the values of all rows of ragged tensors."""
        return CategoricalCrossentropy(
            self.from_logits,
            flat.label_smoothing,
            flat.axis,
            self._wanted_reduction,
            dtype=self.dtype,
        )

    def _fused(
        self, y_true: Any, y_pred: Any, sample_weight: Any, mask: Optional[tf.Tensor]
    ) -> tf.Tensor:
        labels, predictions = self.to_tensors(y_true, y_pred)
        labels, predictions = sample_weights.same_rank(labels, predictions)
        predictions, is_logits = _keras.cached_logits(predictions, self.from_logits)
        self._warn_of_one_class(predictions)
        if not is_logits:
            losses = self._from_probabilities(labels, predictions)
            return self._weighted(losses, sample_weight, mask)
        weights, last_dim = sample_weights.for_losses(
            sample_weight,
            mask,
            sample_weights.rank_of(predictions) - 1,
            predictions.dtype,
            self._wanted_reduction,
        )
        value = softmax_cross_entropy(
            predictions,
            labels,
            weights,
            label_smoothing=self.label_smoothing,
            axis=self.axis,
            reduction=self._wanted_reduction,
        )
        return self._shaped(value, last_dim)

    def _weighted(
        self, losses: tf.Tensor, sample_weight: Any, mask: Optional[tf.Tensor]
    ) -> tf.Tensor:
        if isinstance(losses, tf.RaggedTensor):
            rows = ragged.Rows(losses, losses.ragged_rank)
            weights, mask = rows.weights(
                sample_weight, mask, losses.dtype, self._wanted_reduction
            )
            return rows.restored(self._weighted(losses.flat_values, weights, mask))
        weights, last_dim = sample_weights.for_losses(
            sample_weight,
            mask,
            sample_weights.rank_of(losses),
            losses.dtype,
            self._wanted_reduction,
        )
        weights = weighting.checked_weights(weights, losses.shape, tf.shape(losses))
        real = tf.cast(losses, weights.dtype)
        value = weighting.reduce_losses(real, weights, self._wanted_reduction)
        return self._shaped(tf.cast(value, losses.dtype), last_dim)

    def _shaped(self, value: tf.Tensor, last_dim: bool) -> tf.Tensor:
        if (
            last_dim
            and _keras.KEEPS_WEIGHTS_LAST_DIM
            and self._wanted_reduction is Reduction.NONE
            and value.shape.rank == 1
        ):
            return value[:, None]
        return value

    def _from_probabilities(self, labels: tf.Tensor, probabilities: tf.Tensor) -> tf.Tensor:
        if self.label_smoothing:
            # Here rather than in Keras, which divides by the size of the last axis.
            classes = tf.cast(tf.shape(labels)[self.axis], labels.dtype)
            labels = labels * (1.0 - self.label_smoothing) + self.label_smoothing / classes
        return _keras.probability_crossentropy(labels, probabilities, self.axis)

    def _warn_of_one_class(self, predictions: tf.Tensor) -> None:
        """Warns where Keras does, in its words, and of one class along another axis."""
        shape = predictions.shape
        if not shape.rank:
            return
        one_class = -shape.rank <= self.axis < shape.rank and shape[self.axis] == 1
        if not one_class and shape[-1] != 1:
            return
        message = (
            "In loss categorical_crossentropy, expected y_pred.shape to be (batch_size, "
            f"num_classes) with num_classes > 1. Received: y_pred.shape={shape}. Consider using "
            "'binary_crossentropy' if you only have 2 classes."
        )
        if one_class:
            message += f" With one class along axis {self.axis} the loss of logits is always 0."
        warnings.warn(message, SyntaxWarning, stacklevel=6)
