"""The arguments that TF1's functions share."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_xent.ops import conversion
from keras_xent.reduction import V1_NAMES, Reduction

# What a reduction may be called: TF1's name, or ours. Keras's other names are refused, as
# TF1 refuses them: its "mean" is not TF1's MEAN.
_REDUCTIONS = {
    **{name: reduction for reduction, name in V1_NAMES.items()},
    **{reduction.value: reduction for reduction in V1_NAMES},
}


def require(**arguments: Any) -> None:
    """Checks that tensors are given.

    Raises:
        ValueError: an argument is None.
    """
    for name, value in arguments.items():
        if value is None:
            raise ValueError(f"{name} is None, expected a tensor")


def require_keywords(function: str, sentinel: Any) -> None:
    """Checks that nothing is given for the first argument of TF1's nn functions.

    Raises:
        ValueError: something is.
    """
    if sentinel is not None:
        raise ValueError(
            f"{function} got a first argument without a keyword, which means nothing in TF1: call "
            f"{function}(labels=..., logits=...)"
        )


def to_reduction(reduction: Any) -> Reduction:
    """The reduction of a name.

    Raises:
        ValueError: it is no name that TF1 has, nor one of ours.
    """
    # A tensor, a list: what is no string is no key to look up either.
    known = _REDUCTIONS.get(reduction) if isinstance(reduction, str) else None
    if known is None:
        raise ValueError(
            f"reduction is {reduction!r}, expected a keras_xent.Reduction or one of TF1's names: "
            f"{sorted(V1_NAMES.values())}"
        )
    return known


def to_smoothing(label_smoothing: Any) -> float:
    """The smoothing as a float; 0 or less means none.

    Raises:
        TypeError: it is no number, or one that is known only when a graph runs.
    """
    # TF1 takes True for 1.
    is_bool = isinstance(label_smoothing, (bool, np.bool_))
    number = float(label_smoothing) if is_bool else label_smoothing
    return max(0.0, conversion.to_float(number, "label_smoothing"))
