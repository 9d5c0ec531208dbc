"""The base class of the metrics, with the sums of the weighted losses and of the denominators."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_xent.losses.base import CrossEntropy
from keras_xent.reduction import Reduction

keras: Any = tf.keras


class CrossEntropyMetric(keras.metrics.Metric):
    """The base class of the metrics. Its state is `total` and the divisor, `count`."""

    def __init__(self, loss: CrossEntropy, name: str | None, dtype: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        if loss._wanted_reduction is Reduction.NONE:
            raise ValueError(
                "reduction is NONE, but a metric is a single number: use another reduction, such "
                "as SUM_BY_NONZERO_WEIGHTS"
            )
        self._loss = loss
        self.reduction = loss._wanted_reduction
        self.total = self.add_weight(name="total", initializer="zeros", dtype=self.dtype)
        self.count = self.add_weight(name="count", initializer="zeros", dtype=self.dtype)
        # Keras's callbacks read this. Lower values are better.
        self._direction = "down"

    def update_state(
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> tf.Operation | None:
        """Adds a batch.

        Args:
            y_true: the labels, as for the loss.
            y_pred: logits or probabilities, as for the loss. A mask that Keras's layers attached
                to them is applied.
            sample_weight: None, or weights, as for the loss.

        Returns:
            The op that adds the batch, if eager execution is off. Otherwise None.

        Raises:
            TypeError: as for the loss.
            ValueError: as for the loss.
            tf.errors.InvalidArgumentError: as for the loss.
        """
        total, count = self._loss.total_and_denominator(y_true, y_pred, sample_weight)
        updates = [
            self.total.assign_add(tf.cast(total, self.dtype)),
            self.count.assign_add(tf.cast(count, self.dtype)),
        ]
        return None if tf.compat.v1.executing_eagerly_outside_functions() else tf.group(updates)

    def result(self) -> tf.Tensor:
        """Returns the loss over all examples since the last `reset_state`, or 0 if there are
        none.
        """
        total, count = (tf.convert_to_tensor(each) for each in (self.total, self.count))
        if self.reduction is Reduction.SUM:
            return tf.identity(total)
        return tf.math.divide_no_nan(total, count)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments as a JSON-serializable dictionary."""
        loss = self._loss.get_config()
        arguments = [name for name in loss if name not in ("name", "dtype")]
        return {**super().get_config(), **{name: loss[name] for name in arguments}}
