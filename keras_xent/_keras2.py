"""The part of the loss classes that depends on Keras 2 (TF up to 2.15, and tf_keras)."""

from __future__ import annotations

from typing import Any, Callable

import tensorflow as tf

from keras_xent.ops import conversion
from keras_xent.reduction import Reduction

keras: Any = tf.keras

_UNSCALED = (Reduction.NONE, Reduction.SUM)
# The reductions that Keras 2 also has.
_KERAS_2 = (*_UNSCALED, Reduction.SUM_OVER_BATCH_SIZE)


class LossBase(keras.losses.Loss):
    """`keras.losses.Loss` with a dtype, and with reductions that Keras doesn't accept."""

    def __init__(self, name: str | None, reduction: Reduction, dtype: Any) -> None:
        self._reduction = reduction
        # Keras checks the reduction's name, but only its own __call__ uses it.
        super().__init__(name=name, reduction="none")
        # A mixed precision policy computes in its compute_dtype.
        dtype = getattr(dtype, "compute_dtype", dtype)
        self.dtype = None if dtype is None else tf.as_dtype(dtype).name

    @property
    def reduction(self) -> str:
        """The reduction.

        Keras 2's trainer reads it to find out whether to divide by the number of replicas. Under a
        strategy, this property is `"sum_over_batch_size"` for all reductions that compute a mean.
        The trainer then divides, and reports the loss without the division.

        Raises:
            AttributeError: eager execution is off, and the reduction isn't one of Keras's. In
                this mode, Keras 2's trainer reduces the losses itself if the loss has a
                `reduction`, and it sums them if the reduction is unknown. Without a `reduction`,
                it calls the loss and treats the result as a mean.
        """
        in_graphs = not tf.compat.v1.executing_eagerly_outside_functions()
        if in_graphs and self._reduction not in _KERAS_2:
            # This trainer also divides the loss under a strategy.
            self._allow_sum_over_batch_size = True
            raise AttributeError(
                f"reduction is {self._reduction.name}, which Keras 2 doesn't have, and eager "
                "execution is off: read get_config()['reduction'] instead"
            )
        replicated = tf.distribute.get_strategy().num_replicas_in_sync > 1
        if replicated and self._reduction not in _UNSCALED:
            return Reduction.SUM_OVER_BATCH_SIZE
        return self._reduction

    @reduction.setter
    def reduction(self, value: str) -> None:
        """Ignores the reduction that Keras's constructor sets."""

    @property
    def scope_name(self) -> str:
        """The name scope of the loss's ops. Keras removes underscores that TensorFlow rejects."""
        return self._name_scope

    def to_tensors(self, y_true: Any, y_pred: Any) -> tuple[tf.Tensor, tf.Tensor]:
        """Converts both to the loss's dtype, or to the predictions' dtype if the loss has none."""
        logits = conversion.to_tensor(y_pred, "y_pred")
        if self.dtype is not None:
            logits = tf.cast(logits, self.dtype)
        elif not logits.dtype.is_floating:
            logits = tf.cast(logits, keras.backend.floatx())
        return self.to_labels(y_true, logits.dtype), logits

    def to_labels(self, y_true: Any, dtype: tf.DType) -> tf.Tensor:
        """The labels in the predictions' dtype."""
        return tf.cast(conversion.to_tensor(y_true, "y_true", dtype), dtype)

    def losses_of(
        self, call: Callable[..., Any], y_true: Any, y_pred: Any
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        """The result of a subclass's `call` on the unconverted arguments, and the mask on it."""
        losses = call(y_true, y_pred)
        mask = getattr(losses, "_keras_mask", None)
        if not isinstance(losses, tf.RaggedTensor):
            losses = tf.convert_to_tensor(losses)
        return losses, mask

    def check_strategy(self) -> None:
        """Raises an error for a mean under a strategy outside `fit`, like Keras 2."""
        outside_fit = tf.distribute.has_strategy() and not self._allow_sum_over_batch_size
        if outside_fit and self._reduction not in _UNSCALED:
            raise ValueError(
                f"reduction is {self._reduction.value!r} under a tf.distribute.Strategy: outside "
                "Model.fit, Keras 2 doesn't divide by the number of replicas. Pass the loss to "
                "compile() and train with fit(), or use Reduction.SUM or Reduction.NONE and divide "
                "the result yourself"
            )

    def scale_for_distribution(self, value: tf.Tensor) -> tf.Tensor:
        """Returns the value unchanged, because Keras 2's trainer scales it."""
        return value

    def scale_global(self, value: tf.Tensor) -> tf.Tensor:
        """Undoes in `fit` the division by the number of replicas that Keras 2's trainer adds."""
        if not self._allow_sum_over_batch_size:
            return value
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        return value * tf.cast(replicas, value.dtype)


# For unreduced losses of rank 1 and weights of shape (N, 1), Keras 2 returns the shape (N,).
KEEPS_WEIGHTS_LAST_DIM = False


def probability_crossentropy(labels: tf.Tensor, probabilities: tf.Tensor, axis: int) -> tf.Tensor:
    """Keras's cross entropy of probabilities, which Keras normalizes and clips."""
    return keras.backend.categorical_crossentropy(
        labels, probabilities, from_logits=False, axis=axis
    )


def binary_probability_crossentropy(labels: tf.Tensor, probabilities: tf.Tensor) -> tf.Tensor:
    """Keras's binary cross entropy of each probability, which Keras clips."""
    return keras.backend.binary_crossentropy(labels, probabilities, from_logits=False)
