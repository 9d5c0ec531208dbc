"""Describes a difference, whose numbers may be known only when a graph runs."""

from __future__ import annotations

from typing import Any, List, Sequence

import tensorflow as tf

# Text and tensors, like the data of `tf.debugging.Assert`.
Pieces = List[Any]


def described(name: str, value: Any) -> Pieces:
    """The dtype and shape of an argument. The shape may be known only when the graph runs."""
    if not tf.is_tensor(value):
        return [f"\n  {name}: {value!r}"]
    shape = value.shape if value.shape.is_fully_defined() else tf.shape(value)
    return [f"\n  {name}: {value.dtype.name} of shape", shape]


def text(pieces: Pieces) -> str:
    """The pieces as one string. While a graph is built, some values are unknown."""
    joined = " ".join(_text(piece) for piece in pieces)
    return joined.replace(" \n", "\n").replace(" ,", ",").replace(" ;", ";")


def for_graph(pieces: Pieces) -> Sequence[Any]:
    """The pieces as data for an assertion, which prints them on one line."""
    return [piece if tf.is_tensor(piece) else str(piece).strip() for piece in pieces]


def _text(piece: Any) -> str:
    if not tf.is_tensor(piece):
        return str(piece)
    value = tf.get_static_value(piece)
    if value is None:
        return "unknown"
    return f"{value:.9g}" if value.ndim == 0 and piece.dtype.is_floating else str(value.tolist())
