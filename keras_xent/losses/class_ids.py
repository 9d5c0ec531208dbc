"""Labels that are class ids: integers, one for each loss."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_xent.losses import sample_weights
from keras_xent.losses.shapes import of_shape
from keras_xent.ops import conversion, ignoring
from keras_xent.ops import spec as spec_lib

_NARROW = (tf.int8, tf.int16, tf.uint8, tf.uint16)
_RULE = (
    "y_true must have y_pred's shape without the class axis: the expected and actual shapes are"
)


def to_ids(labels: Any) -> tf.Tensor:
    """Converts labels to int32 or int64, without a cast to a float dtype.

    bfloat16, for example, can't represent 257.
    """
    if isinstance(labels, tf.RaggedTensor):
        return labels.with_flat_values(to_ids(labels.flat_values))
    ids = conversion.to_tensor(labels, "y_true", tf.int64)
    if ids.dtype in (tf.int32, tf.int64):
        return ids
    return tf.cast(ids, tf.int32 if ids.dtype in _NARROW else tf.int64)


def fitted(ids: tf.Tensor, predictions: tf.Tensor, axis: int) -> tuple[tf.Tensor, tf.Tensor]:
    """The ids in the losses' shape, and predictions with a class axis.

    As in Keras, extra dimensions of 1 are removed from the ids: at the class axis of the
    predictions, or at the end. If the ids are a column and the predictions are a vector, every
    sample has one class.

    Raises:
        ValueError: the ids don't have the losses' shape.
    """
    rank = predictions.shape.rank
    if ids.shape.rank is None or rank is None:
        # The reshape fails unless it removes only dimensions of 1.
        losses_rank = sample_weights.rank_of(predictions) - 1
        return tf.reshape(ids, tf.shape(ids)[:losses_rank]), predictions
    if rank == 1 and ids.shape.rank == 2 and ids.shape[-1] == 1:
        predictions, rank = predictions[:, None], 2
    if rank == 0 or not -rank <= axis < rank:
        return ids, predictions  # The op raises the error.
    losses_shape = spec_lib.static_losses_shape(predictions.shape, axis)
    surplus = _surplus(ids.shape, rank, axis)
    fitting = tf.squeeze(ids, surplus) if surplus else ids
    if not fitting.shape.is_compatible_with(losses_shape):
        raise ValueError(
            f"y_true has shape {ids.shape} and y_pred has shape {predictions.shape} (class axis "
            f"{axis}), expected class ids of shape {losses_shape}: for one-hot labels, use "
            "CategoricalCrossentropy"
        )
    return fitting, predictions


def of_losses(ids: tf.Tensor, losses_shape: tf.Tensor, known: tf.TensorShape) -> tf.Tensor:
    """Returns the ids (or a tensor with a value for each id), if they have the losses' shape.

    Raises:
        ValueError: they have another shape.
        tf.errors.InvalidArgumentError: they have another shape, which is known only when a graph
            runs.
    """
    return of_shape(ids, losses_shape, known, _RULE)


def _surplus(shape: tf.TensorShape, rank: int, axis: int) -> list[int]:
    """The extra dimensions of 1 that ids have, compared with predictions of this rank."""
    dims = shape.as_list()
    if len(dims) == rank:
        for each in (axis, -1):
            if dims[each] == 1:
                return [each]
        # If the dimension isn't 1, the squeeze raises an error when the graph runs.
        return [each for each in (axis, -1) if dims[each] is None][:1]
    if len(dims) == rank + 1 and dims[-2:] == [1, 1]:
        return [-2, -1]
    return []


def kept(ids: tf.Tensor, ignore_class: int | None) -> tf.Tensor | None:
    """A mask of the ids that aren't the class to ignore. None if no id can be that class."""
    ignored = ignoring.class_among(ignore_class, ids.dtype)
    return None if ignored is None else ignoring.is_kept(ids, ignored)


def without_ignored(predictions: tf.Tensor, kept_ids: tf.Tensor, axis: int) -> tf.Tensor:
    """The predictions, with zeros for ignored ids, so their gradient is 0."""
    losses_shape = spec_lib.losses_shape(predictions, axis)
    known = spec_lib.static_losses_shape(predictions.shape, axis)
    kept_ids = of_losses(kept_ids, losses_shape, known)
    return ignoring.logits_of_kept(predictions, kept_ids, axis)
