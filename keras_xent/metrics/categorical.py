"""The metric for `keras_xent.CategoricalCrossentropy`."""

from __future__ import annotations

from typing import Any

from keras_xent import _keras, losses
from keras_xent.metrics.base import CrossEntropyMetric
from keras_xent.reduction import Reduction


@_keras.register_serializable_as("keras_xent.metrics")
class CategoricalCrossentropy(CrossEntropyMetric):
    """Computes the loss `keras_xent.CategoricalCrossentropy` over all batches.

    Works like `keras.metrics.CategoricalCrossentropy`, which is the weighted mean of all losses,
    but adds the other reductions. It adds up the weighted losses and the denominators over batches
    and replicas, and divides once. So with `"sum_by_nonzero_weights"`, the result is TF1's loss
    over all examples in the epoch. The mean of the batches' losses, which Keras logs as `loss`,
    differs if the batches have different numbers of non-zero weights.

    Args:
        name: the metric's name, or None.
        dtype: the dtype of the computation, the state and the result. None means
            `tf.keras.backend.floatx()`.
        from_logits: whether `y_pred` holds logits rather than probabilities.
        label_smoothing: a number in [0, 1], as for the loss.
        axis: the class axis.
        reduction: a `keras_xent.Reduction`, or its name in Keras or TF1, but not `NONE`. The
            default is Keras's: the weighted mean.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: an argument is out of range, or the reduction is `NONE`.

    Examples:
        >>> import keras_xent
        >>> metric = keras_xent.metrics.CategoricalCrossentropy(
        ...     from_logits=True, reduction="sum_by_nonzero_weights")
        >>> logits = [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]]
        >>> metric.update_state([[0, 1, 0], [0, 0, 1]], logits, sample_weight=[1.0, 0.5])
        >>> metric.update_state([[1, 0, 0], [0, 0, 1]], logits, sample_weight=[0.0, 1.0])
        >>> print(f"{float(metric.result()):.5f}")
        0.88955

        In `compile()`, use `weighted_metrics`. Keras passes no sample weights to `metrics`:

        ```python
        model.compile("sgd", loss=..., weighted_metrics=[metric])
        ```
    """

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: Reduction | str = Reduction.MEAN,
    ) -> None:
        loss = losses.CategoricalCrossentropy(
            from_logits, label_smoothing, axis, reduction, dtype=_keras.metric_dtype(dtype)
        )
        super().__init__(loss, name, dtype)
