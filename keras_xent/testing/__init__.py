"""Tools that check whether ported code returns the same results as the old code.

`verify()`, or the environment variable `KERAS_XENT_VERIFY=1`, compares every call to
`keras_xent.v1` with TensorFlow's own function while a program runs.
`assert_same_loss(old, new, num_classes=...)` compares two loss functions on generated inputs.
"""

from __future__ import annotations

from keras_xent._verification import VerificationError, verify
from keras_xent.testing.same_loss import assert_same_loss

__all__ = ["VerificationError", "assert_same_loss", "verify"]


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
