"""Values and gradients as they are compared."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from keras_xent.comparing.results import as_array, as_tensor, value_and_gradients


def test_the_gradient_of_the_sum_to_each_input_that_has_one() -> None:
    inputs = [tf.constant([1.0, 2.0]), tf.constant([3, 4]), tf.constant(5.0)]
    value, gradients = value_and_gradients(lambda x, n, _: x * tf.cast(n, x.dtype), inputs)
    np.testing.assert_array_equal(value, [3.0, 8.0])
    np.testing.assert_array_equal(gradients[0], [3.0, 4.0])
    assert gradients[1:] == [None, None]


def test_a_value_without_a_gradient() -> None:
    value, gradients = value_and_gradients(lambda x: tf.cast(x, tf.int32), [tf.constant(2.5)])
    assert (int(value), gradients) == (2, [None])


def test_slices_become_tensors() -> None:
    _, gradients = value_and_gradients(lambda x: tf.gather(x, [1]), [tf.constant([1.0, 2.0])])
    np.testing.assert_array_equal(gradients[0], [0.0, 1.0])


def test_dtypes() -> None:
    assert as_tensor(np.zeros(2), "bfloat16").dtype == tf.bfloat16
    assert as_tensor(np.zeros(2, np.int32), "bfloat16").dtype == tf.int32
    assert as_array(tf.constant(1.5, tf.bfloat16)).dtype == np.float64
    assert as_array(np.float32(1.5)) == 1.5
