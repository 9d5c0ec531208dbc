"""The error of a verified call."""

from __future__ import annotations

from typing import TYPE_CHECKING


class VerificationError(AssertionError):
    """A call to `keras_xent.v1` returned a different result than TensorFlow's own function.

    `keras_xent.testing.verify` raises it.
    """

    # If converted code raises an error, AutoGraph raises it again with a longer message. It keeps
    # the type only if the class has this constructor. Otherwise it raises a StagingError.
    if not TYPE_CHECKING:  # mypy would infer Any for the class
        __init__ = Exception.__init__
