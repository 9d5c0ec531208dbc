"""Functions that AutoGraph leaves as they are, with their types."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

import tensorflow as tf

_Callable = TypeVar("_Callable", bound=Callable[..., Any])


def do_not_convert(function: _Callable) -> _Callable:
    """`tf.autograph.experimental.do_not_convert`, which has no types: what it returns is Any."""
    unconverted: _Callable = tf.autograph.experimental.do_not_convert(function)
    return unconverted
