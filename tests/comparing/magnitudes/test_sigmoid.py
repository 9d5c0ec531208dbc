"""How large the terms of a sigmoid cross entropy are."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from keras_xent.comparing.magnitudes.sigmoid import of_sigmoid


def test_the_magnitudes_are_those_of_the_terms() -> None:
    labels = tf.constant([0.0, 1.0, -0.5, 0.25], tf.float64)
    logits = tf.constant([0.0, 2.0, -3.0, -np.inf], tf.float64)
    found = of_sigmoid(labels, logits, 0.0, weighted=False)
    softplus = np.log1p(np.exp([0.0, -2.0, -3.0]))
    # max(x, 0), |x * y| and log(1 + exp(-|x|)).
    np.testing.assert_allclose(found.losses, [*(np.array([0, 4, 1.5]) + softplus), np.inf])
    assert np.all(np.isfinite(found.logits_gradient))
    assert np.all(found.logits_gradient >= tf.abs(tf.sigmoid(logits) - labels))
    np.testing.assert_array_equal(found.labels_gradient, [0.0, 2.0, 3.0, np.inf])
    assert found.class_axis is None


def test_smoothing_is_towards_a_half() -> None:
    labels, logits = tf.constant([0.0, 1.0], tf.float64), tf.constant([4.0, 4.0], tf.float64)
    found = of_sigmoid(labels, logits, 0.1, weighted=False)
    softplus = np.log1p(np.exp(-4.0))
    np.testing.assert_allclose(found.losses, 4 + softplus + 4 * np.array([0.05, 0.95]))
    np.testing.assert_allclose(found.labels_gradient, [3.6, 3.6])
