"""What is said of a difference."""

from __future__ import annotations

from typing import Any, List, Sequence

import tensorflow as tf


class VerificationError(AssertionError):
    """A call of `keras_xent.v1` gave something else than TensorFlow's own function."""


# Text and tensors, as `tf.debugging.Assert` takes them.
Pieces = List[Any]


def described(name: str, value: Any) -> Pieces:
    """An argument: its dtype and shape, known now or when the graph runs."""
    if not tf.is_tensor(value):
        return [f"\n  {name}: {value!r}"]
    shape = value.shape if value.shape.is_fully_defined() else tf.shape(value)
    return [f"\n  {name}: {value.dtype.name} of shape", shape]


def text(pieces: Pieces) -> str:
    """The same as one string. Of tensors it needs the values."""
    return " ".join(_text(piece) for piece in pieces).replace(" \n", "\n")


def for_graph(pieces: Pieces) -> Sequence[Any]:
    """The same as data of an assertion, which prints them in one line."""
    return [piece if tf.is_tensor(piece) else str(piece).strip() for piece in pieces]


def _text(piece: Any) -> str:
    if not tf.is_tensor(piece):
        return str(piece)
    value = piece.numpy()
    return f"{value:.9g}" if value.ndim == 0 and piece.dtype.is_floating else str(value.tolist())
