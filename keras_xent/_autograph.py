"""Turns AutoGraph off for a function without losing its type."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

import tensorflow as tf

_Callable = TypeVar("_Callable", bound=Callable[..., Any])


def do_not_convert(function: _Callable) -> _Callable:
    """`tf.autograph.experimental.do_not_convert`, whose type annotation returns Any."""
    unconverted: _Callable = tf.autograph.experimental.do_not_convert(function)
    return unconverted
