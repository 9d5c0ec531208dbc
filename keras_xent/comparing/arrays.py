"""Compares two arrays, relative to the largest number in them."""

from __future__ import annotations

from typing import Any

import numpy as np


def largest(array: Any) -> float:
    """The largest finite absolute value, or 0 if there is none."""
    array = np.asarray(array, np.float64)
    finite = array[np.isfinite(array)]
    return float(np.max(np.abs(finite))) if finite.size else 0.0


def largest_difference(one: Any, other: Any) -> float:
    """The largest difference between two corresponding numbers. NaN if any number is NaN.

    Raises:
        ValueError: the shapes differ.
    """
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    if one.shape != other.shape:
        raise ValueError(f"the array has shape {one.shape}, expected {other.shape}")
    return float(np.max(np.abs(one - other))) if one.size else 0.0


def relative_error(got: Any, expected: Any) -> float:
    """The largest difference, relative to the largest expected number unless that is zero.

    Raises:
        ValueError: the shapes differ.
    """
    return largest_difference(got, expected) / (largest(expected) or 1.0)


def close(one: Any, other: Any, relative: float, absolute: float) -> bool:
    """Whether all numbers of two arrays are equal within a tolerance. NaN equals NaN.

    Args:
        one: an array.
        other: an array that broadcasts with it.
        relative: the tolerance relative to the largest number of `other`.
        absolute: the absolute tolerance, which is added.
    """
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    tolerance = absolute + relative * largest(other)
    return bool(np.allclose(one, other, rtol=0, atol=tolerance, equal_nan=True))
