"""How large the terms of weighted losses are."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from keras_xent import Reduction
from keras_xent.comparing.magnitudes.weighting import Weighting


def test_the_magnitudes_are_those_of_the_terms() -> None:
    weights = tf.constant([1.0, 0.0, -3.0])
    losses = tf.constant([2.0, 9.0, 1.0], tf.float64)
    for reduction, expected in {
        Reduction.NONE: [2, 0, 3],
        Reduction.SUM: 5,
        Reduction.SUM_OVER_BATCH_SIZE: 5 / 3,
        Reduction.SUM_BY_NONZERO_WEIGHTS: 5 / 2,
        # The sum of the weights, -2, is as inexact as 4 is.
        Reduction.MEAN: 5 / 2 * 2,
    }.items():
        found = Weighting(losses, weights, reduction).of_value(losses)
        np.testing.assert_allclose(found, expected)
