"""Arrays are compared relative to their largest number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from keras_xent.comparing.arrays import close, largest, largest_difference, relative_error

NAN, INF = np.nan, np.inf


def test_the_largest_number_is_finite() -> None:
    assert largest([1.0, -3.0, INF, NAN]) == 3.0
    assert largest([]) == largest([NAN]) == 0.0


def test_differences() -> None:
    assert largest_difference([1.0, 2.0], [1.0, 2.5]) == 0.5
    assert np.isnan(largest_difference([1.0, NAN], [1.0, 2.0]))
    assert largest_difference([], []) == 0.0
    assert relative_error([4.0, -7.0], [4.0, -8.0]) == 0.125
    # Relative to nothing is the difference itself.
    assert relative_error([0.0, 0.5], np.zeros(2)) == 0.5
    with pytest.raises(ValueError, match=r"the array has shape \(3,\), expected \(2,\)"):
        largest_difference(np.zeros(3), np.zeros(2))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([1.0, 100.0], [2.0, 100.0], True),
        ([1.0, 100.0], [3.0, 100.0], False),
        ([NAN, 1.0], [NAN, 1.0], True),
        ([NAN, 1.0], [1.0, 1.0], False),
        ([INF], [INF], True),
        ([INF], [-INF], False),
        ([INF], [1.0], False),
        # An infinity makes the tolerance no larger.
        ([INF, 1.0], [INF, 2.0], False),
        (0.0, [0.0, 0.09], True),
        (0.0, [0.0, 0.2], False),
    ],
)
def test_close(one: Any, other: Any, same: bool) -> None:
    assert close(one, other, 0.01, 0.1) is same
