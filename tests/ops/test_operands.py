"""The weights as the portable steps take them."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_xent import Reduction
from keras_xent.ops import operands
from keras_xent.ops.spec import Spec

LOGITS = tf.zeros([2, 4, 3])
SPEC = Spec(1, 0.0, Reduction.SUM_BY_NONZERO_WEIGHTS)


@pytest.mark.parametrize("shape", [(), (2, 3), (2, 1)])
def test_right_weights_stay_as_they_are(shape: tuple[int, ...]) -> None:
    weights = tf.ones(shape)
    assert operands.checked_weights(SPEC, LOGITS, weights) is weights


def test_a_wrong_shape_is_an_error() -> None:
    with pytest.raises(ValueError, match="weights cannot be broadcast"):
        operands.checked_weights(SPEC, LOGITS, tf.ones([3, 2]))


def test_weights_of_an_unknown_rank_get_that_of_the_losses() -> None:
    @tf.function(input_signature=[tf.TensorSpec(None)], autograph=False)
    def checked(weights: tf.Tensor) -> tf.Tensor:
        return operands.checked_weights(SPEC, LOGITS, weights)

    for weights in (np.float32(2), np.full([2, 1], 2, "f"), np.full([2, 3], 2, "f")):
        np.testing.assert_array_equal(checked(weights), np.full([2, 3], 2, "f"))
    with pytest.raises(tf.errors.InvalidArgumentError, match="weights cannot be broadcast"):
        checked(np.ones([3, 2], "f"))
