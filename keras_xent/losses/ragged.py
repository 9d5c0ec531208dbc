"""Converts ragged labels and predictions to dense tensors, and their losses back to ragged ones.

Keras 2 maps its loss over the samples of a ragged batch. Here, one dense tensor holds the values of
all rows, and the op runs once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from keras_xent.losses import sample_weights
from keras_xent.ops import checks
from keras_xent.ops.spec import real_dtype
from keras_xent.reduction import Reduction


class Rows:
    """The rows of ragged losses.

    Args:
        tensor: a ragged tensor with these rows.
        levels: how many of its ragged dimensions the losses have. 0 means dense losses.
        agree: whether the labels have the same rows, or None if this has already been checked.
    """

    def __init__(self, tensor: Any, levels: int, agree: tf.Tensor | None = None) -> None:
        self._tensor = tensor
        self._levels = levels
        self._agree = agree

    def restored(self, values: tf.Tensor) -> Any:
        """The losses of all rows as a ragged tensor. A scalar is returned unchanged."""
        if values.shape.rank == 0:
            return values
        return self._with_rows(self._tensor, self._levels, values)

    def weights(
        self, sample_weight: Any, mask: Any, dtype: tf.DType, reduction: Reduction
    ) -> tuple[Any, Any]:
        """Converts the sample weights and the mask of ragged losses to dense ones for all rows.

        Args:
            sample_weight: the caller's weights, or None.
            mask: Keras's mask, or None.
            dtype: the losses' dtype.
            reduction: how the losses will be reduced.

        Returns:
            Weights and a mask for `sample_weights.for_losses`.

        Raises:
            ValueError: their row lengths differ from those of the losses.
        """
        if self._levels == 0:
            return sample_weight, mask
        real = real_dtype(dtype)
        if sample_weight is not None:
            sample_weight = self._spread(_converted(sample_weight, real), "sample_weight")
        if mask is not None:
            # Keras scales the mask before it broadcasts it, so an element can mask a whole sample.
            kept = sample_weights.mask_weights(mask, real, reduction)
            kept = self._spread(kept, sample_weights.MASK)
            sample_weight = kept if sample_weight is None else _product(sample_weight, kept)
        if self._agree is not None:
            one = tf.ones([], real) if sample_weight is None else sample_weight
            sample_weight = _or_nan(one, self._agree)
        return sample_weight, None

    def mask(self, mask: Any) -> Any:
        """A mask of ragged losses (or None) as a mask of the losses of all rows."""
        if mask is None or self._levels == 0:
            return mask
        kept = sample_weights.mask_weights(mask, tf.float32, Reduction.NONE)
        return tf.cast(self._spread(kept, sample_weights.MASK), tf.bool)

    def _with_rows(self, tensor: Any, levels: int, values: tf.Tensor) -> Any:
        if levels == 0:
            return values
        return tensor.with_values(self._with_rows(tensor.values, levels - 1, values))

    def _spread(self, weights: Any, name: str) -> tf.Tensor:
        """The weights of all rows: a scalar, or a tensor with the ragged dimensions flattened."""
        if not isinstance(weights, tf.RaggedTensor):
            rank = weights.shape.rank
            if rank is None:
                raise ValueError(
                    f"{name} has an unknown rank, which ragged losses don't support: use "
                    "tf.ensure_shape"
                )
            if rank == 0:
                return weights
            if rank > 1 and weights.shape[1] != 1:
                weights = tf.RaggedTensor.from_tensor(weights)
        given, values = 0, weights
        if isinstance(weights, tf.RaggedTensor):
            given = weights.ragged_rank
            if given > self._levels:
                raise ValueError(
                    f"{name} has {given} ragged dimensions, and the losses have {self._levels}: "
                    f"{sample_weights.expected(name)}"
                )
            names = f"{name} and the losses"
            values, agree = _with_the_rows_of(self._tensor, weights, given, names)
            values = _or_nan(values, agree)
        rows = self._tensor
        for level in range(self._levels):
            if level >= given:
                values = _repeated(values, rows, name)
            rows = rows.values
        if values.shape.rank == 2 and values.shape[1] == 1:
            return tf.squeeze(values, 1)
        return values


class Flat(NamedTuple):
    """Ragged labels and predictions as dense tensors.

    Attributes:
        labels: the labels of all rows, dense.
        predictions: the predictions of all rows, dense.
        axis: their class axis.
        rows: the losses' rows.
        classes: None, or, if the class axis is ragged, a ragged tensor with a row of classes for
            each loss. Labels and predictions are then the values of all its rows.
    """

    labels: tf.Tensor
    predictions: tf.Tensor
    axis: int
    rows: Rows
    classes: Any


def either(y_true: Any, y_pred: Any) -> bool:
    """Whether at least one of them is ragged."""
    return isinstance(y_pred, tf.RaggedTensor) or isinstance(y_true, tf.RaggedTensor)


def flatten(loss: Any, y_true: Any, y_pred: Any, labels_have_classes: bool) -> Flat:
    """Converts ragged labels and predictions to dense tensors with the values of all rows.

    Args:
        loss: the loss, for its class axis and its dtype.
        y_true: labels.
        y_pred: predictions.
        labels_have_classes: whether labels have a class axis too.

    Raises:
        TypeError: only the labels are ragged.
        ValueError: labels and predictions have different row lengths, or the class axis is
            neither the last dimension nor a dense one after the ragged ones.
    """
    if not isinstance(y_pred, tf.RaggedTensor):
        raise TypeError(
            "y_true is a RaggedTensor and y_pred isn't, expected two RaggedTensors with the same "
            "row lengths: use y_true.to_tensor(), and a sample_weight of 0 for the padding"
        )
    levels = y_pred.ragged_rank
    classes_are_ragged = y_pred.flat_values.shape.rank == 1
    without_classes = classes_are_ragged and not labels_have_classes
    expected = levels - 1 if without_classes else levels
    given = y_true.ragged_rank if isinstance(y_true, tf.RaggedTensor) else 0
    if given == 0 < expected:
        # As in Keras 2, the losses of the padding count.
        labels, predictions = loss.to_tensors(y_true, y_pred.to_tensor())
        return Flat(labels, predictions, loss.axis, Rows(y_pred, 0), None)
    if given != expected:
        raise ValueError(
            f"y_true has ragged_rank {given} and shape {y_true.shape}, expected ragged_rank "
            f"{expected} and the row lengths of y_pred, which has ragged_rank {levels} and shape "
            f"{y_pred.shape}. If you use tf.ragged.constant, pass ragged_rank."
        )
    labels, agree = y_true, None
    if given:
        labels, agree = _with_the_rows_of(y_pred, y_true, given, "y_true and y_pred")
    # Keras 2 doesn't look for the logits of a ragged softmax. tf.identity hides them.
    labels, predictions = loss.to_tensors(labels, tf.identity(y_pred.flat_values))
    axis = _flat_axis(loss.axis, y_pred)
    if not classes_are_ragged:
        return Flat(labels, predictions, axis, Rows(y_pred, levels, agree), None)
    # The gradient of to_tensor is IndexedSlices. The gradient of reshape makes it a tensor.
    predictions = tf.reshape(predictions, [-1])
    if labels_have_classes:
        labels = tf.reshape(labels, [-1])
    rows = Rows(y_pred, levels - 1, agree)
    return Flat(labels, predictions, axis, rows, _innermost(y_pred))


def padded(classes: Any, predictions: tf.Tensor, are_logits: bool) -> tf.Tensor:
    """Pads ragged classes with classes that add nothing to a loss."""
    # Not -inf, because the portable backend returns NaN for it.
    nothing = tf.constant(predictions.dtype.min if are_logits else 0, predictions.dtype)
    matrix = classes.with_values(predictions).to_tensor(default_value=nothing)
    # A row that consists only of padding would have a loss of NaN.
    empty = tf.equal(classes.row_lengths(), 0)[:, None]
    return tf.where(empty, tf.ones([], matrix.dtype), matrix)


def _innermost(tensor: Any) -> Any:
    """The ragged tensor of the last ragged dimension, with all outer ones flattened."""
    while tensor.ragged_rank > 1:
        tensor = tensor.values
    return tensor


def _flat_axis(axis: int, y_pred: Any) -> int:
    rank: int | None = y_pred.shape.rank
    if rank is None:
        raise ValueError(
            "y_pred is a RaggedTensor of unknown rank: give its flat_values a known rank with "
            "y_pred.with_flat_values(tf.ensure_shape(y_pred.flat_values, shape))"
        )
    flat_axis = axis - y_pred.ragged_rank if axis >= 0 else axis
    last = axis in (-1, rank - 1)
    dense = y_pred.ragged_rank < axis % rank and -rank <= axis < rank
    if not last and not dense:
        raise ValueError(
            f"axis is {axis}, expected -1 or a dimension after the ragged ones: y_pred is a "
            f"RaggedTensor of shape {y_pred.shape} and ragged_rank {y_pred.ragged_rank}. The "
            "axis is counted from the batch dimension, unlike in Keras 2's own losses"
        )
    return flat_axis


def _converted(value: Any, dtype: tf.DType) -> Any:
    if not isinstance(value, tf.RaggedTensor):
        # Without the hint, Python's numbers would become float32 first.
        value = tf.convert_to_tensor(value, dtype_hint=dtype)
    return tf.cast(value, dtype)


def _product(weights: tf.Tensor, kept: tf.Tensor) -> tf.Tensor:
    """Their product. If the ranks differ, the first dimensions match."""
    surplus = weights.shape.rank - kept.shape.rank
    if kept.shape.rank and surplus > 0:
        kept = tf.reshape(kept, tf.concat([tf.shape(kept), [1] * surplus], 0))
    if weights.shape.rank and surplus < 0:
        weights = tf.reshape(weights, tf.concat([tf.shape(weights), [1] * -surplus], 0))
    return weights * kept


def _repeated(weights: tf.Tensor, rows: Any, name: str) -> tf.Tensor:
    """Repeats the weight of each row for all its values."""
    if weights.shape.rank > 1:
        if weights.shape[1] != 1:
            count = weights.shape[1]
            count = "an unknown number of" if count is None else count
            raise ValueError(
                f"{name} has {count} values for each sample, and the losses are ragged: "
                "expected a scalar, one value for each sample, or a RaggedTensor with the losses' "
                "row lengths"
            )
        weights = tf.squeeze(weights, 1)
    count, expected = tf.shape(weights, rows.row_splits.dtype)[0], rows.nrows()
    weights = _checked(
        weights,
        tf.equal(count, 1) | tf.equal(count, expected),
        f"{name} and the losses have different numbers of rows:",
        count,
        expected,
    )
    shape = tf.concat([[expected], tf.shape(weights, rows.row_splits.dtype)[1:]], 0)
    return tf.gather(tf.broadcast_to(weights, shape), rows.value_rowids())


def _with_the_rows_of(
    one: Any, other: Any, levels: int, names: str
) -> tuple[tf.Tensor, tf.Tensor | None]:
    """Checks that two ragged tensors have the same outer row lengths.

    Returns:
        The flat values of `other`, and a tensor that shows whether the rows are equal. The tensor
        is None if that is already known.
    """
    values, agree = other.flat_values, None
    for _ in range(levels):
        splits, expected = other.row_splits, one.row_splits
        if splits is not expected:
            expected = tf.cast(expected, splits.dtype)
            # If the numbers of rows differ, the op returns False instead of raising an error.
            same = tf.raw_ops.Equal(x=splits, y=expected, incompatible_shape_error=False)
            same = tf.reduce_all(same)
            if not tf.executing_eagerly():
                agree = same if agree is None else agree & same
            values = _checked(
                values,
                same,
                f"{names} must have the same row lengths: their row splits are",
                splits,
                expected,
            )
        one, other = one.values, other.values
    return values, agree


def _or_nan(weights: tf.Tensor, agree: tf.Tensor | None) -> tf.Tensor:
    """The weights, or only NaN if the rows differ, because XLA drops the assertion."""
    if agree is None:
        return weights
    return tf.where(agree, weights, tf.constant(float("nan"), weights.dtype))


def _checked(values: tf.Tensor, condition: tf.Tensor, message: str, *found: tf.Tensor) -> tf.Tensor:
    if tf.executing_eagerly():
        if not condition:
            shown = " and ".join(str(value.numpy()) for value in found)
            raise ValueError(f"{message} {shown}")
        return values
    with tf.control_dependencies([checks.assert_true(condition, message, *found)]):
        return tf.identity(values)
