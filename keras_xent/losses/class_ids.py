"""Labels that are class ids: integers, one for each loss."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

import tensorflow as tf

from keras_xent.losses import sample_weights
from keras_xent.losses.shapes import of_shape
from keras_xent.ops import conversion, ignoring
from keras_xent.ops import spec as spec_lib

_NARROW = (tf.int8, tf.int16, tf.uint8, tf.uint16)
_RULE = "y_true must have y_pred's shape without the class axis: that shape and y_true's are"


def to_ids(labels: Any) -> tf.Tensor:
    """Labels as int32 or int64.

    They never become floats in between, not even of the loss's dtype: bfloat16 has no 257.
    """
    if isinstance(labels, tf.RaggedTensor):
        return labels.with_flat_values(to_ids(labels.flat_values))
    ids = conversion.to_tensor(labels, "y_true", tf.int64)
    if ids.dtype in (tf.int32, tf.int64):
        return ids
    return tf.cast(ids, tf.int32 if ids.dtype in _NARROW else tf.int64)


def fitted(ids: tf.Tensor, predictions: tf.Tensor, axis: int) -> Tuple[tf.Tensor, tf.Tensor]:
    """The ids in the losses' shape, beside predictions with a class axis.

    Dimensions of 1 that the ids have too many go, as in Keras: where the class axis is in the
    predictions, or the last ones. A column of ids beside a vector of predictions is one class
    for every sample.

    Raises:
        ValueError: the ids don't have the losses' shape.
    """
    rank = predictions.shape.rank
    if ids.shape.rank is None or rank is None:
        # The reshape drops dimensions of 1 only: otherwise it fails.
        losses_rank = sample_weights.rank_of(predictions) - 1
        return tf.reshape(ids, tf.shape(ids)[:losses_rank]), predictions
    if rank == 1 and ids.shape.rank == 2 and ids.shape[-1] == 1:
        predictions, rank = predictions[:, None], 2
    if rank == 0 or not -rank <= axis < rank:
        return ids, predictions  # The op says what is wrong.
    losses_shape = spec_lib.static_losses_shape(predictions.shape, axis)
    surplus = _surplus(ids.shape, rank, axis)
    fitting = tf.squeeze(ids, surplus) if surplus else ids
    if not fitting.shape.is_compatible_with(losses_shape):
        raise ValueError(
            f"y_true has shape {ids.shape}, and y_pred {predictions.shape} with its classes along "
            f"axis {axis}: expected class ids of shape {losses_shape}. One-hot labels need "
            "CategoricalCrossentropy."
        )
    return fitting, predictions


def of_losses(ids: tf.Tensor, losses_shape: tf.Tensor, known: tf.TensorShape) -> tf.Tensor:
    """The ids, or what there is of each, if they have the losses' shape.

    Raises:
        ValueError: they have another one.
        tf.errors.InvalidArgumentError: the same when a graph runs.
    """
    return of_shape(ids, losses_shape, known, _RULE)


def _surplus(shape: tf.TensorShape, rank: int, axis: int) -> List[int]:
    """The dimensions of 1 that ids have too many beside predictions of this rank."""
    dims = shape.as_list()
    if len(dims) == rank:
        for each in (axis, -1):
            if dims[each] == 1:
                return [each]
        # Not known to be 1: otherwise the squeeze fails when the graph runs.
        return [each for each in (axis, -1) if dims[each] is None][:1]
    if len(dims) == rank + 1 and dims[-2:] == [1, 1]:
        return [-2, -1]
    return []


def kept(ids: tf.Tensor, ignore_class: Optional[int]) -> Optional[tf.Tensor]:
    """Which ids are not of the class to ignore; None where all are known to be."""
    ignored = ignoring.class_among(ignore_class, ids.dtype)
    return None if ignored is None else ignoring.is_kept(ids, ignored)


def without_ignored(predictions: tf.Tensor, kept_ids: tf.Tensor, axis: int) -> tf.Tensor:
    """The predictions with zeros where an id is ignored: nothing there reaches a gradient."""
    losses_shape = spec_lib.losses_shape(predictions, axis)
    known = spec_lib.static_losses_shape(predictions.shape, axis)
    kept_ids = of_losses(kept_ids, losses_shape, known)
    return ignoring.logits_of_kept(predictions, kept_ids, axis)
