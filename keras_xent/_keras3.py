"""The part of the loss classes that depends on Keras 3 (TF 2.16 and later)."""

from __future__ import annotations

from typing import Any, Callable

import tensorflow as tf

from keras_xent.ops import conversion
from keras_xent.reduction import Reduction

keras: Any = tf.keras


class LossBase(keras.losses.Loss):
    """`keras.losses.Loss` with reductions that Keras doesn't accept."""

    def __init__(self, name: str | None, reduction: Reduction, dtype: Any) -> None:
        if keras.backend.backend() != "tensorflow":
            raise ValueError(
                f"Keras's backend is {keras.backend.backend()!r}, expected 'tensorflow': set the "
                "environment variable KERAS_BACKEND=tensorflow to use keras_xent's losses"
            )
        # Keras checks the reduction's name, but only its own __call__ uses it.
        super().__init__(name=name, reduction="none", dtype=dtype)
        self.reduction = reduction

    @property
    def scope_name(self) -> str:
        """The name scope of the loss's ops."""
        return self.name

    def to_tensors(self, y_true: Any, y_pred: Any) -> tuple[tf.Tensor, tf.Tensor]:
        """Converts both to the loss's dtype."""
        # y_pred first, as in Keras.
        logits = self._converted("y_pred", y_pred)
        return self.to_labels(y_true, logits.dtype), logits

    def to_labels(self, y_true: Any, dtype: tf.DType) -> tf.Tensor:
        """The labels in the loss's dtype, which the predictions have too."""
        return self._converted("y_true", y_true)

    def _converted(self, name: str, value: Any) -> tf.Tensor:
        def convert() -> tf.Tensor:
            return keras.ops.convert_to_tensor(value, dtype=self.dtype)

        if isinstance(value, tf.RaggedTensor):
            return convert()  # for a subclass's call
        return conversion.named(name, value, convert)

    def losses_of(
        self, call: Callable[..., Any], y_true: Any, y_pred: Any
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        """The result of a subclass's `call` on the converted arguments, and the mask on it."""
        losses = call(*self.to_tensors(y_true, y_pred))
        mask = getattr(losses, "_keras_mask", None)
        return keras.ops.convert_to_tensor(losses, dtype=self.dtype), mask

    def check_strategy(self) -> None:
        """Does nothing, because the loss itself divides by the number of replicas."""

    def scale_for_distribution(self, value: tf.Tensor) -> tf.Tensor:
        """Divides a mean by the number of replicas, as `fit` and custom loops expect."""
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        if replicas == 1:
            return value
        return value * tf.cast(1.0 / replicas, value.dtype)

    def scale_global(self, value: tf.Tensor) -> tf.Tensor:
        """Returns the value unchanged: `fit` and custom loops add up the replicas' losses."""
        return value


# For unreduced losses of rank 1 and weights of shape (N, 1), Keras 3 returns the shape (N, 1).
KEEPS_WEIGHTS_LAST_DIM = True


def probability_crossentropy(labels: tf.Tensor, probabilities: tf.Tensor, axis: int) -> tf.Tensor:
    """Keras's cross entropy of probabilities, which Keras normalizes and clips."""
    return keras.ops.categorical_crossentropy(labels, probabilities, from_logits=False, axis=axis)


def binary_probability_crossentropy(labels: tf.Tensor, probabilities: tf.Tensor) -> tf.Tensor:
    """Keras's binary cross entropy of each probability, which Keras clips."""
    return keras.ops.binary_crossentropy(labels, probabilities, from_logits=False)
