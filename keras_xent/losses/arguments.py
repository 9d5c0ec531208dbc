"""Checks the constructors' arguments."""

from __future__ import annotations

import operator
from typing import Any


def checked_axis(axis: Any) -> int:
    """The class axis as an int.

    Raises:
        TypeError: it isn't an integer.
    """
    if isinstance(axis, bool) or not hasattr(axis, "__index__"):
        raise TypeError(
            f"axis is {axis!r} of type {type(axis).__name__}, expected an int (the class axis)"
        )
    return operator.index(axis)


def checked_name(name: Any) -> str | None:
    """The name.

    Raises:
        TypeError: it is neither a string nor None.
    """
    if name is not None and not isinstance(name, str):
        raise TypeError(
            f"name is {name!r} of type {type(name).__name__}, expected a string or None"
        )
    return name
