"""The oracle of class ids, which squeezes what TensorFlow squeezes."""

from __future__ import annotations

from typing import Any

import modes
import numpy as np
import pytest
import tensorflow as tf
import tf1

from keras_xent import Reduction
from keras_xent.comparing.oracles import ORACLES

IDS = np.array([2, 0, 1, 1], np.int32)
WEIGHTS = np.array([1, 0, 2, 0.5], np.float32)
LOGITS = tf1.logits_of([4, 3])


def oracle(reduction: Reduction = Reduction.SUM_BY_NONZERO_WEIGHTS) -> Any:
    return ORACLES["sparse_softmax_cross_entropy"](reduction)


@pytest.mark.parametrize(
    ("reduction", "mode"),
    [
        (Reduction.NONE, "eager"),
        (Reduction.MEAN, "eager"),
        # What a graph doesn't know of the shapes is the same for every reduction. A TF1 graph:
        # test_verification.py.
        (Reduction.NONE, "traced_unknown_shapes"),
    ],
)
def test_a_last_dimension_of_1_is_squeezed(reduction: Reduction, mode: str) -> None:
    def run(*tensors: tf.Tensor) -> list[tf.Tensor]:
        each = oracle(reduction)
        value, tolerance = each.value(*tensors), each.value_tolerance(*tensors)
        upstream = tf.ones_like(value)
        tolerances = each.gradient_tolerances(upstream, *tensors)
        assert tolerances[0] is None
        return [value, tolerance, *each.gradients(upstream, tensors)[1:], *tolerances[1:]]

    in_mode = modes.once(mode, run)
    for ids_shape, logits_shape, weights_shape in (
        ([4], [4, 3], [4, 1]),
        ([4, 1], [4, 3], [4]),
        ([4, 1], [4, 3], [4, 1]),
        ([4, 1], [4, 3], [1]),
        ([4], [4, 3, 1], [4]),
        ([2, 2], [2, 2, 3], [2, 1]),
        ([2, 2, 1], [2, 2, 3], [2, 2, 1]),
    ):
        weights = WEIGHTS[: int(np.prod(weights_shape))].reshape(weights_shape)
        inputs = [IDS.reshape(ids_shape), LOGITS.reshape(logits_shape), weights]
        value, tolerance, to_logits, to_weights, *tolerances = in_mode(*inputs)
        case = f"ids {ids_shape}, logits {logits_shape}, weights {weights_shape}"
        assert value.shape == tolerance.shape, case
        for gradient, each, tensor in zip((to_logits, to_weights), tolerances, inputs[1:]):
            assert gradient.shape == each.shape == tensor.shape, case


@pytest.mark.parametrize("id_dtype", ["int32", "int64"])
def test_the_magnitudes_are_those_of_one_hot_labels(id_dtype: str) -> None:
    dense = ORACLES["softmax_cross_entropy"](0.0, Reduction.SUM)
    labels = tf.one_hot(IDS, 3)
    ids, logits, weights = tf.constant(IDS, id_dtype), tf.constant(LOGITS), tf.constant(WEIGHTS)
    one, other = (ids, logits, weights), (labels, logits, weights)
    sparse = oracle(Reduction.SUM)
    np.testing.assert_array_equal(sparse.value_tolerance(*one), dense.value_tolerance(*other))
    upstream = tf.constant(2.0)
    for found, expected in zip(
        sparse.gradient_tolerances(upstream, *one)[1:],
        dense.gradient_tolerances(upstream, *other)[1:],
    ):
        np.testing.assert_array_equal(found, expected)


def test_an_id_out_of_range_is_tensorflows_error() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError):
        oracle().value(tf.constant([0, 3]), tf.constant(LOGITS[:2]), tf.constant([1.0, 0.0]))


def test_a_logit_of_minus_infinity_is_a_number_to_tensorflow() -> None:
    losses = ORACLES["sparse_softmax_cross_entropy_with_logits"]().value(
        tf.constant([0, 1]), tf.constant([[-np.inf, 1.0], [-np.inf, 2.0]])
    )
    np.testing.assert_array_equal(losses, [np.inf, 0.0])
