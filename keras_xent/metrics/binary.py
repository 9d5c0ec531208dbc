"""The metric for `keras_xent.BinaryCrossentropy`."""

from __future__ import annotations

from typing import Any

from keras_xent import _keras, losses
from keras_xent.metrics.base import CrossEntropyMetric
from keras_xent.reduction import Reduction


@_keras.register_serializable_as("keras_xent.metrics")
class BinaryCrossentropy(CrossEntropyMetric):
    """Computes the loss `keras_xent.BinaryCrossentropy` over all batches.

    See `keras_xent.metrics.CategoricalCrossentropy`. Every element has its own label, and a loss is
    the mean over `axis`.

    Args:
        name: the metric's name, or None.
        dtype: the dtype of the computation, the state and the result. None means
            `tf.keras.backend.floatx()`.
        from_logits: whether `y_pred` holds logits rather than probabilities.
        label_smoothing: a number in [0, 1], as for the loss.
        axis: the axis to average over.
        reduction: a `keras_xent.Reduction`, or its name in Keras or TF1, but not `NONE`. The
            default is Keras's: the weighted mean.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: an argument is out of range, or the reduction is `NONE`.

    Examples:
        >>> import keras_xent
        >>> metric = keras_xent.metrics.BinaryCrossentropy(from_logits=True)
        >>> metric.update_state([[1.0, 0.0]], [[2.0, -1.0]])
        >>> print(f"{float(metric.result()):.5f}")
        0.22009
    """

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: Reduction | str = Reduction.MEAN,
    ) -> None:
        loss = losses.BinaryCrossentropy(
            from_logits, label_smoothing, axis, reduction, dtype=_keras.metric_dtype(dtype)
        )
        super().__init__(loss, name, dtype)
