"""The base class of all losses: the methods that Keras calls, and the common arguments."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

import tensorflow as tf

from keras_xent import _functional, _keras, _other_keras
from keras_xent._autograph import do_not_convert
from keras_xent.losses import ragged
from keras_xent.losses.arguments import checked_axis, checked_name
from keras_xent.losses.config import Configured, without_prefix
from keras_xent.losses.denominator import Denominator
from keras_xent.losses.weighting import NOTHING, Weighting
from keras_xent.ops import conversion, replicas
from keras_xent.ops.arguments import smoothing_of
from keras_xent.reduction import Reduction

_MEANS = (Reduction.SUM_OVER_BATCH_SIZE, Reduction.MEAN, Reduction.SUM_BY_NONZERO_WEIGHTS)
_Loss = TypeVar("_Loss", bound="CrossEntropy")


class CrossEntropy(Configured, _keras.LossBase):
    """The base class of the losses.

    Each subclass has a constructor, whose signature shows the defaults, and implements `_of_dense`
    and `_of_ragged_classes`.
    """

    _arguments: tuple[str, ...] = (
        "from_logits",
        "label_smoothing",
        "axis",
        "reduction",
        "name",
        "dtype",
    )
    # Whether the labels have a class axis.
    _labels_have_classes = True
    _accepts_masks = True

    def __init__(
        self,
        from_logits: bool,
        label_smoothing: float,
        axis: int,
        reduction: Reduction | str | None,
        name: Any,
        dtype: Any,
        normalization: str,
    ) -> None:
        axis = checked_axis(axis)
        name = without_prefix(checked_name(name))
        from_logits = conversion.to_bool(from_logits, "from_logits")
        super().__init__(name=name, reduction=Reduction(reduction), dtype=dtype)
        if self.dtype is not None and not tf.as_dtype(self.dtype).is_floating:
            raise ValueError(f"dtype is {dtype!r}, expected a floating point dtype or None")
        self._wanted_reduction = Reduction(reduction)
        self._wanted_dtype = dtype
        self.from_logits = from_logits
        self.label_smoothing = smoothing_of(label_smoothing)
        self.axis = axis
        self.normalization = replicas.normalization_of(normalization)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> tf.Tensor:
        """Computes the loss.

        Args:
            y_true: the labels, in the shape that the class describes. If `y_pred` is ragged, they
                should be ragged too, with the same row lengths (class ids: except along the class
                axis). (If only `y_pred` is ragged, it is padded with zeros, and the losses of the
                padding count, as in tf_keras.)
            y_pred: logits or probabilities, of rank 1 or more, dense or ragged. If Keras's
                layers attached a mask to it, the loss applies the mask.
            sample_weight: None, a scalar, or a tensor. A tensor can have the losses' shape (the
                shape of `y_pred` without the class axis). Any of its dimensions can be 1, and it
                can have an additional last dimension of 1. If it has fewer dimensions, they match
                the losses' first dimensions: shape (N,) means one weight per sample. If the losses
                are ragged, it can be a ragged tensor with the same row lengths.

        Returns:
            A scalar, or the weighted losses if the reduction is `NONE`. They are ragged if
            `y_pred` is ragged.

        Raises:
            TypeError: `y_true` or `sample_weight` is ragged, but `y_pred` isn't; an argument is a
                `KerasTensor` of Keras 3; or a model from a Keras package other than `tf.keras`
                calls the loss.
            ValueError: the shapes or row lengths don't match; `axis` is out of range; `y_pred` has
                a mask, but the loss is from `micro_batches`; or, with Keras 2, a mean is computed
                under a strategy outside `fit`.
            tf.errors.InvalidArgumentError: shapes or row lengths that are known only when a graph
                runs don't match. Also raised on a CPU if a class id is out of range. On a GPU and
                under XLA, the loss of such an id is NaN.
        """
        arguments = {"y_true": y_true, "y_pred": y_pred, "sample_weight": sample_weight}
        if _functional.is_symbolic(arguments.values()):
            return _functional.as_layer(self, arguments)
        if tf.executing_eagerly():
            return self._compute(self.call, y_true, y_pred, sample_weight)
        with tf.name_scope(self.scope_name):
            return self._compute(_keras.autographed(self.call), y_true, y_pred, sample_weight)

    def call(self, y_true: Any, y_pred: Any) -> tf.Tensor:
        """Returns the unweighted losses, in the shape of `y_pred` without the class axis.

        You can override this method in a subclass. The loss then applies weights, masks and the
        reduction to its result. Keras 3 converts `y_true` and `y_pred` to tensors of the loss's
        dtype before the call (class ids stay integers). Keras 2 passes them as they are.
        """
        _other_keras.check_caller(*_other_keras.TRAINERS)
        return self._value(y_true, y_pred, NOTHING)

    @do_not_convert
    def _compute(
        self, call: Callable[..., Any], y_true: Any, y_pred: Any, sample_weight: Any
    ) -> tf.Tensor:
        for argument, value in (("y_true", y_true), ("y_pred", y_pred)):
            if _keras.is_placeholder(value):
                raise TypeError(
                    f"{argument} is a KerasTensor (a placeholder in a functional model), expected "
                    "a tensor: pass the loss to compile(), or call it in a layer's call()"
                )
        _other_keras.check_caller(*_other_keras.CALLERS, *_other_keras.TRAINERS)
        mask = _keras.mask_of(y_pred)
        if mask is not None and not self._accepts_masks:
            raise ValueError(
                "y_pred has a mask from Keras's layers, but keras_xent.micro_batches computed the "
                "denominator without it: give masked examples a sample weight of 0 in the dataset "
                "that you pass to micro_batches, and remove the mask (use tf.identity(y_pred) or, "
                "with fit, keras.layers.Lambda(tf.identity) as the model's last layer)"
            )
        weighting = Weighting(sample_weight, mask, self._wanted_reduction)
        if replicas.share_a_denominator(self.normalization, self._wanted_reduction):
            weighting = weighting.with_division(_by_the_sum_over_replicas)
        else:
            self.check_strategy()
        if type(self).call is CrossEntropy.call:
            value = self._value(y_true, y_pred, weighting)
        else:
            losses, mask = self.losses_of(call, y_true, y_pred)
            value = weighting.masked(mask).of(losses)
        if weighting.divided is not None:
            return self.scale_global(replicas.combined(value))
        if self._wanted_reduction in _MEANS:
            return self.scale_for_distribution(value)
        return value

    @do_not_convert
    def total_and_denominator(
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The sum of the weighted losses, and what the reduction divides it by, for the metrics."""
        found: list[tf.Tensor] = []
        weighting = Weighting(sample_weight, _keras.mask_of(y_pred), self._wanted_reduction)
        if self._wanted_reduction is Reduction.SUM:
            total = self._value(y_true, y_pred, weighting)
            return total, tf.ones([], total.dtype)
        return self._value(y_true, y_pred, weighting.with_division(_undivided(found))), found[0]

    @do_not_convert
    def weights_for_sum(self, y_true: tf.Tensor, sample_weight: Any = None) -> tf.Tensor:
        """Weights for which the weighted sum of the losses is the loss of this batch.

        Args:
            y_true: the labels, dense.
            sample_weight: the caller's weights, or None.

        Returns:
            Weights in the shape of `sample_weight`, or in the shape (N,) if it is None or a
            scalar.
        """
        labels = self.to_labels(y_true, tf.float32)
        real = tf.float32
        if sample_weight is None:
            sample_weight = tf.ones([], real)
        weights = tf.cast(conversion.to_tensor(sample_weight, "sample_weight", real), real)
        if weights.shape.rank == 0:
            weights = tf.fill(tf.shape(labels)[:1], weights)
        if self._wanted_reduction is Reduction.SUM:
            return weights
        found: list[tf.Tensor] = []
        weighting = Weighting(weights, self._mask_of(labels), self._wanted_reduction)
        # Labels of shape (N,) are N samples, as in a batch.
        has_classes = self._labels_have_classes and labels.shape.rank != 1
        axis = self.axis if has_classes else None
        weighting.with_division(_undivided(found)).fused(lambda weights: weights, labels, axis)
        return tf.math.divide_no_nan(weights, found[0])

    def of_sums(self: _Loss) -> _Loss:
        """The same loss with the reduction `SUM`. A mask on its predictions raises an error."""
        if type(self).call is not CrossEntropy.call:
            raise ValueError(
                f"{type(self).__name__} overrides call(), so keras_xent.micro_batches can't know "
                "the shape of its losses: use a keras_xent loss class"
            )
        if self._wanted_reduction is Reduction.NONE:
            raise ValueError(
                "reduction is NONE, expected one that returns a single number, such as "
                "SUM_BY_NONZERO_WEIGHTS"
            )
        loss = type(self).from_config({**self.get_config(), "reduction": Reduction.SUM.value})
        loss._accepts_masks = False
        return loss

    def _value(self, y_true: Any, y_pred: Any, weighting: Weighting) -> Any:
        """The losses, weighted and reduced."""
        if not ragged.either(y_true, y_pred):
            labels, predictions = self.to_tensors(y_true, y_pred)
            return self._of_dense(labels, predictions, weighting)
        flat = ragged.flatten(self, y_true, y_pred, self._labels_have_classes)
        kept = self._mask_of(flat.labels)
        weighting = weighting.of_rows(flat.rows, flat.predictions.dtype, kept)
        if flat.classes is None:
            loss = self._with(axis=flat.axis)
            value = loss._of_dense(flat.labels, flat.predictions, weighting)
        else:
            value = self._of_ragged_classes(flat.labels, flat.predictions, flat.classes, weighting)
        restored = flat.rows.restored(value)
        mask = _keras.mask_of(value)
        if mask is not None:
            restored._keras_mask = flat.rows.restored(mask)
        return restored

    def _mask_of(self, labels: tf.Tensor) -> tf.Tensor | None:
        """A mask of the losses to keep. None keeps all."""
        return None

    def _of_dense(
        self, labels: tf.Tensor, predictions: tf.Tensor, weighting: Weighting
    ) -> tf.Tensor:
        """The losses of dense tensors, weighted and reduced."""
        raise NotImplementedError

    def _of_ragged_classes(
        self, labels: tf.Tensor, predictions: tf.Tensor, classes: Any, weighting: Weighting
    ) -> tf.Tensor:
        """Like `_of_dense`, but each loss has its own number of classes.

        Args:
            labels: the labels of all rows.
            predictions: a tensor of rank 1: the predictions for the classes of all losses,
                concatenated.
            classes: a ragged tensor with a row of classes for each loss.
            weighting: how to weight and reduce the losses.
        """
        raise NotImplementedError

    def _with(self: _Loss, **attributes: Any) -> _Loss:
        """A copy of the loss with some attributes changed."""
        # Not copy.copy, because Keras would then serialize the loss.
        loss = type(self).__new__(type(self))
        loss.__dict__.update(self.__dict__, **attributes)
        return loss


def _by_the_sum_over_replicas(weights: tf.Tensor, denominator: Denominator) -> tf.Tensor:
    return tf.math.divide_no_nan(weights, denominator.value(replicas.summed))


def _undivided(found: list[tf.Tensor]) -> Callable[[tf.Tensor, Denominator], tf.Tensor]:
    """Leaves the weights unchanged, and adds the denominator to the list."""

    def unchanged(weights: tf.Tensor, denominator: Denominator) -> tf.Tensor:
        found.append(denominator.value())
        return weights

    return unchanged
