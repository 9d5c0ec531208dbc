"""Compares calls of `keras_xent.v1` with TensorFlow's own functions, where the user asks for it.

`keras_xent.testing` is where users find it, and where it is told what they get. Importing it
registers it.
"""

from keras_xent._verification import hook  # noqa: F401
from keras_xent._verification.error import VerificationError
from keras_xent._verification.switch import verify

__all__ = ["VerificationError", "verify"]
