"""Compares calls of `keras_xent.v1` with TensorFlow's own functions, where the user asks for it.

`keras_xent.testing` is where users find it, and where it is told what they get.
"""

from keras_xent._verification.error import VerificationError
from keras_xent._verification.hook import computed
from keras_xent._verification.switch import verify

__all__ = ["VerificationError", "computed", "verify"]
