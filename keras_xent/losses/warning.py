"""Warnings that point to the line in the user's program that called a loss."""

from __future__ import annotations

import sys
import warnings

_INNER = ("keras_xent", "tensorflow")


def warn_of_call(message: str, category: type[Warning]) -> None:
    """Warns with the location of the code that called the loss."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and _package(frame.f_globals) in _INNER:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _package(names: dict) -> str:  # type: ignore[type-arg]
    return str(names.get("__name__", "")).partition(".")[0]
