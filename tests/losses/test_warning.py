"""A warning names the line of the program, however deep in the package it arises."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import tensorflow as tf

from keras_xent.losses import warning

# A module of the package between the program and the warning.
INNER = {"__name__": "keras_xent.losses.inner", "warning": warning}
exec("def one():\n    warning.warn_of_call('told', UserWarning)", INNER)
exec("def two():\n    one()", INNER)


def lines(run: Any) -> Any:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run()
    return [(each.filename, str(each.message)) for each in caught]


@pytest.mark.parametrize("name", ["one", "two"])
def test_the_package_s_own_frames_are_passed(name: str) -> None:
    assert lines(INNER[name]) == [(__file__, "told")]


def test_tensorflow_s_frames_are_passed() -> None:
    without_autograph = tf.autograph.experimental.do_not_convert(INNER["two"])
    assert lines(without_autograph) == [(__file__, "told")]
