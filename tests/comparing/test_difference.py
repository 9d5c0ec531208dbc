"""What a message says eagerly, it says in a graph."""

from __future__ import annotations

import tensorflow as tf

from keras_xent.comparing.difference import described, for_graph, text


def test_text_has_the_values_of_tensors() -> None:
    pieces = ["a", tf.constant(1.5), ", b", tf.constant([1, 2]), "\n  c", (3,)]
    assert text(pieces) == "a 1.5, b [1, 2]\n  c (3,)"


def test_in_a_graph_the_values_come_when_it_runs() -> None:
    tensor = tf.constant(1.5)
    assert for_graph(["\n  a", tensor, (3,)]) == ["a", tensor, "(3,)"]


def test_arguments_are_described() -> None:
    assert text(described("x", tf.zeros([2, 3]))) == "\n  x: float32 of shape (2, 3)"
    assert text(described("s", 0.1)) == "\n  s: 0.1"
    with tf.Graph().as_default():
        unknown = tf.compat.v1.placeholder(tf.float32)
        assert tf.is_tensor(described("x", unknown)[1])
        assert text(described("x", unknown)) == "\n  x: float32 of shape unknown"
