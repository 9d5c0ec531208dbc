"""How large the terms of a sparse softmax cross entropy are."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from keras_xent.comparing.magnitudes.softmax import of_softmax
from keras_xent.comparing.magnitudes.sparse_softmax import of_sparse_softmax


def test_they_are_those_of_one_hot_labels_without_a_gradient_to_labels() -> None:
    ids, logits = tf.constant([[2, 0]]), tf.constant([[[0.0, 1.0, 2.0], [3.0, 0.0, -np.inf]]])
    found = of_sparse_softmax(ids, logits, weighted=True)
    expected = of_softmax(tf.one_hot(ids, 3), logits, -1, 0.0, weighted=True)
    np.testing.assert_array_equal(found.losses, expected.losses)
    np.testing.assert_array_equal(found.logits_gradient, expected.logits_gradient)
    np.testing.assert_array_equal(found.epsilon, expected.epsilon)
    assert found.labels_gradient is None


def test_an_id_out_of_range_is_no_error_of_the_magnitudes() -> None:
    found = of_sparse_softmax(tf.constant([-1, 7]), tf.zeros([2, 3]), weighted=False)
    np.testing.assert_array_equal(found.losses, [0.0, 0.0])
