"""A verified call fails by an assertion error."""

from __future__ import annotations

import pytest
import tensorflow as tf

from keras_xent._verification import error


def test_it_is_an_assertion_error() -> None:
    assert issubclass(error.VerificationError, AssertionError)


def test_autograph_leaves_its_type() -> None:
    @tf.function
    def fails() -> None:
        raise error.VerificationError("differs")

    with pytest.raises(error.VerificationError, match="differs"):
        fails()
