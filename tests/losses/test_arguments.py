"""What constructors are given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from keras_xent.losses import arguments


@pytest.mark.parametrize("axis", [1, np.int64(1), np.array(1)])
def test_an_axis_is_what_stands_for_an_int(axis: Any) -> None:
    found = arguments.checked_axis(axis)
    assert found == 1
    assert type(found) is int


@pytest.mark.parametrize("axis", [True, 1.0, None, "1", (1,)])
def test_nothing_else_is_an_axis(axis: Any) -> None:
    with pytest.raises(TypeError, match=r"axis is .*, expected an int"):
        arguments.checked_axis(axis)


def test_a_name_is_a_string_or_none() -> None:
    assert arguments.checked_name("mine") == "mine"
    assert arguments.checked_name(None) is None
    with pytest.raises(TypeError, match="name is 5 of type int, expected a string or None"):
        arguments.checked_name(5)
