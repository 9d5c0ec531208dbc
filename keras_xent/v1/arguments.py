"""Checks the arguments that TF1's functions have in common."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_xent.ops import conversion
from keras_xent.reduction import V1_NAMES, Reduction

# TF1's names of the reductions, and ours. As in TF1, other names that Keras accepts raise an error,
# because Keras's "mean" isn't TF1's MEAN.
_REDUCTIONS = {
    **{name: reduction for reduction, name in V1_NAMES.items()},
    **{reduction.value: reduction for reduction in V1_NAMES},
}


def require(**arguments: Any) -> None:
    """Checks that no argument is None.

    Raises:
        ValueError: an argument is None.
    """
    for name, value in arguments.items():
        if value is None:
            raise ValueError(f"{name} is None, expected a tensor")


def require_keywords(function: str, sentinel: Any) -> None:
    """Checks that the first argument of TF1's nn functions, the sentinel, is None.

    Raises:
        ValueError: it isn't.
    """
    if sentinel is not None:
        raise ValueError(
            f"{function} was called with a positional argument, but, as in TF1, it accepts only "
            f"keyword arguments: call {function}(labels=..., logits=...)"
        )


def to_reduction(reduction: Any) -> Reduction:
    """The reduction with this name.

    Raises:
        ValueError: it isn't one of TF1's names or ours.
    """
    # Looks up only strings, because tensors and lists aren't hashable.
    known = _REDUCTIONS.get(reduction) if isinstance(reduction, str) else None
    if known is None:
        raise ValueError(
            f"reduction is {reduction!r}, expected a keras_xent.Reduction or one of TF1's names: "
            f"{sorted(V1_NAMES.values())}"
        )
    return known


def to_smoothing(label_smoothing: Any) -> float:
    """The smoothing as a float. 0 or less means no smoothing.

    Raises:
        TypeError: it isn't a number, or its value is known only when a graph runs.
    """
    # TF1 accepts True as 1.
    is_bool = isinstance(label_smoothing, (bool, np.bool_))
    number = float(label_smoothing) if is_bool else label_smoothing
    return max(0.0, conversion.to_float(number, "label_smoothing"))
