"""The error of a verified call."""

from __future__ import annotations

from typing import TYPE_CHECKING


class VerificationError(AssertionError):
    """A call to `keras_xent.v1` returned a different result than TensorFlow's own function.

    Raised if verification is on. See `keras_xent.testing.verify`.

    Examples:
        >>> import keras_xent
        >>> try:
        ...     with keras_xent.testing.verify():
        ...         loss = keras_xent.v1.softmax_cross_entropy([[0.0, 1.0]], [[2.0, 1.0]])
        ... except keras_xent.testing.VerificationError as error:
        ...     print(error)
    """

    # If converted code raises an error, AutoGraph raises it again with a longer message. It keeps
    # the type only if the class has this constructor. Otherwise it raises a StagingError.
    if not TYPE_CHECKING:  # mypy would infer Any for the class
        __init__ = Exception.__init__
