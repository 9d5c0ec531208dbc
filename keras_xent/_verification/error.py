"""How a verified call fails."""

from __future__ import annotations

from typing import TYPE_CHECKING


class VerificationError(AssertionError):
    """A call of `keras_xent.v1` gave something else than TensorFlow's own function."""

    # AutoGraph raises errors of code that it has converted again, with more to say: of their own
    # type if they have this constructor, and otherwise as a StagingError.
    if not TYPE_CHECKING:  # for a type checker it would make Any of the class
        __init__ = Exception.__init__
