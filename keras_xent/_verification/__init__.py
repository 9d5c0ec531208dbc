"""Compares calls to `keras_xent.v1` with TensorFlow's own functions, if verification is on.

The public interface is `keras_xent.testing`. Importing this package registers the verification.
"""

from keras_xent._verification import hook  # noqa: F401
from keras_xent._verification.error import VerificationError
from keras_xent._verification.switch import verify

__all__ = ["VerificationError", "verify"]
