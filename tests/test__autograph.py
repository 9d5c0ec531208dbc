"""AutoGraph leaves our functions alone."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import tensorflow as tf

from keras_xent._autograph import do_not_convert


def branching(x: Any) -> Any:
    """Needs AutoGraph in a graph."""
    if x > 0:
        return x
    return -x


def test_it_is_not_converted_and_looks_the_same() -> None:
    unconverted = do_not_convert(branching)
    assert tf.function(branching)(tf.constant(-1.0)) == 1.0
    with pytest.raises(tf.errors.OperatorNotAllowedInGraphError):
        tf.function(unconverted)(tf.constant(-1.0))
    assert inspect.signature(unconverted) == inspect.signature(branching)
    assert inspect.getdoc(unconverted) == branching.__doc__
