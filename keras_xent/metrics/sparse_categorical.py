"""The metric for `keras_xent.SparseCategoricalCrossentropy`."""

from __future__ import annotations

from typing import Any

from keras_xent import _keras, losses
from keras_xent.metrics.base import CrossEntropyMetric
from keras_xent.reduction import Reduction


@_keras.register_serializable_as("keras_xent.metrics")
class SparseCategoricalCrossentropy(CrossEntropyMetric):
    """Computes the loss `keras_xent.SparseCategoricalCrossentropy` over all batches.

    See `keras_xent.metrics.CategoricalCrossentropy`. The labels are class ids.

    Args:
        name: the metric's name, or None.
        dtype: the dtype of the computation, the state and the result. None means
            `tf.keras.backend.floatx()`.
        from_logits: whether `y_pred` holds logits rather than probabilities.
        ignore_class: the class id of the examples to ignore, or None. They aren't counted.
        axis: the class axis.
        label_smoothing: a number in [0, 1], as for the loss.
        reduction: a `keras_xent.Reduction`, or its name in Keras or TF1, but not `NONE`. The
            default is Keras's: the weighted mean.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: an argument is out of range, or the reduction is `NONE`.

    Examples:
        >>> import keras_xent
        >>> metric = keras_xent.metrics.SparseCategoricalCrossentropy(
        ...     from_logits=True, ignore_class=-1)
        >>> metric.update_state([1, -1], [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]])
        >>> print(f"{float(metric.result()):.5f}")
        0.58406
    """

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
        label_smoothing: float = 0.0,
        reduction: Reduction | str = Reduction.MEAN,
    ) -> None:
        loss = losses.SparseCategoricalCrossentropy(
            from_logits,
            ignore_class,
            reduction,
            axis,
            label_smoothing,
            dtype=_keras.metric_dtype(dtype),
        )
        super().__init__(loss, name, dtype)
