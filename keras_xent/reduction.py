"""How weighted losses are reduced to one number."""

from __future__ import annotations

import enum


class Reduction(str, enum.Enum):
    """How the losses `l` and their weights `w` are reduced.

    | member | result | Keras's string | TF1's constant |
    | --- | --- | --- | --- |
    | `NONE` | `l * w` | `"none"` or `None` | `NONE` |
    | `SUM` | `sum(l * w)` | `"sum"` | `SUM` |
    | `SUM_OVER_BATCH_SIZE` | `sum(l * w) / count(l)` | `"sum_over_batch_size"`, `"mean"` | \
`SUM_OVER_BATCH_SIZE` |
    | `MEAN` | `sum(l * w) / sum(w)` | `"mean_with_sample_weight"` | `MEAN` |
    | `SUM_BY_NONZERO_WEIGHTS` | `sum(l * w) / count(w != 0)` | — | \
`SUM_BY_NONZERO_WEIGHTS`, TF1's default |

    `w` is broadcast to the shape of `l` before it is summed or counted. If the denominator is
    zero, the result is zero. Both rules are those of `tf.compat.v1.losses.compute_weighted_loss`.
    `SUM_OVER_NONZERO_WEIGHTS` is TF1's older name for `SUM_BY_NONZERO_WEIGHTS`.

    The members are strings, so you can pass a member wherever Keras accepts the string.
    `Reduction(name)` accepts the names that TF1 and Keras use, including tf_keras's `"auto"`
    (`SUM_OVER_BATCH_SIZE`), and None.

    Two names are misleading. `MEAN` is the *weighted* mean, as in TF1. Keras's string
    `"mean"` is `SUM_OVER_BATCH_SIZE`.

    Raises:
        ValueError: the value isn't one of these names.

    Examples:
        >>> import keras_xent
        >>> keras_xent.Reduction("weighted_sum_by_nonzero_weights")
        <Reduction.SUM_BY_NONZERO_WEIGHTS: 'sum_by_nonzero_weights'>
        >>> keras_xent.Reduction.SUM == "sum"
        True
    """

    NONE = "none"
    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"
    MEAN = "mean_with_sample_weight"
    SUM_BY_NONZERO_WEIGHTS = "sum_by_nonzero_weights"
    SUM_OVER_NONZERO_WEIGHTS = "sum_by_nonzero_weights"  # noqa: PIE796  (an alias)

    def __str__(self) -> str:
        """The name in Keras. Python 3.11 and 3.12 changed how such enums print."""
        return str(self.value)

    def __format__(self, format_spec: str) -> str:
        return format(str(self), format_spec)

    @classmethod
    def _missing_(cls, value: object) -> Reduction | None:
        if value is None:
            return cls.NONE
        name = _OTHER_NAMES.get(value) if isinstance(value, str) else None
        if name is None:
            known = [member.value for member in cls]
            raise ValueError(
                f"reduction is {value!r}, expected a keras_xent.Reduction, None, one of {known}, "
                f"or another name that TF1 or Keras uses: {sorted(_OTHER_NAMES)}"
            )
        return cls(name)


_OTHER_NAMES = {
    # tf.compat.v1.losses.Reduction
    "weighted_sum": "sum",
    "weighted_mean": "mean_with_sample_weight",
    "weighted_sum_over_batch_size": "sum_over_batch_size",
    "weighted_sum_by_nonzero_weights": "sum_by_nonzero_weights",
    # keras.losses
    "mean": "sum_over_batch_size",
    # tf_keras.losses.Reduction: what AUTO means outside a distribution strategy
    "auto": "sum_over_batch_size",
}

V1_NAMES = {
    Reduction.NONE: "none",
    Reduction.SUM: "weighted_sum",
    Reduction.MEAN: "weighted_mean",
    Reduction.SUM_OVER_BATCH_SIZE: "weighted_sum_over_batch_size",
    Reduction.SUM_BY_NONZERO_WEIGHTS: "weighted_sum_by_nonzero_weights",
}
