"""How a verified call fails."""

from __future__ import annotations


class VerificationError(AssertionError):
    """A call of `keras_xent.v1` gave something else than TensorFlow's own function."""

    # AutoGraph raises errors of code that it has converted again, with more to say: of their own
    # type if they have this constructor, and otherwise as a StagingError.
    __init__ = Exception.__init__
