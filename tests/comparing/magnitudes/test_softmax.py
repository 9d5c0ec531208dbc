"""How large the terms of a softmax cross entropy are."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from keras_xent.comparing.magnitudes.softmax import of_softmax


def test_the_magnitudes_are_those_of_the_terms() -> None:
    labels = tf.constant([[0.5, 0.5, 0.0]], tf.float64)
    logits = tf.constant([[0.0, 0.0, -np.inf]], tf.float64)
    examples = of_softmax(labels, logits, -1, 0.0, weighted=False)
    np.testing.assert_allclose(examples.losses, [np.log(2) + 1])
    np.testing.assert_allclose(examples.logits_gradient, [[1.0, 1.0, 0.0]])
