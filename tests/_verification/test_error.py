"""What a message says eagerly, it says in a graph."""

from __future__ import annotations

import pytest
import tensorflow as tf

from keras_xent._verification import error


def test_text_has_the_values_of_tensors() -> None:
    pieces = ["a", tf.constant(1.5), ", b", tf.constant([1, 2]), "\n  c", (3,)]
    assert error.text(pieces) == "a 1.5 , b [1, 2]\n  c (3,)"


def test_in_a_graph_the_values_come_when_it_runs() -> None:
    tensor = tf.constant(1.5)
    assert error.for_graph(["\n  a", tensor, (3,)]) == ["a", tensor, "(3,)"]


def test_arguments_are_described() -> None:
    assert error.text(error.described("x", tf.zeros([2, 3]))) == "\n  x: float32 of shape (2, 3)"
    assert error.text(error.described("s", 0.1)) == "\n  s: 0.1"
    with tf.Graph().as_default():
        unknown = tf.compat.v1.placeholder(tf.float32)
        assert tf.is_tensor(error.described("x", unknown)[1])
        assert error.text(error.described("x", unknown)) == "\n  x: float32 of shape unknown"


def test_it_is_an_assertion_error() -> None:
    assert issubclass(error.VerificationError, AssertionError)


def test_autograph_leaves_its_type() -> None:
    @tf.function
    def fails() -> None:
        raise error.VerificationError("differs")

    with pytest.raises(error.VerificationError, match="differs"):
        fails()
