"""TensorFlow's functions are called as ours were."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import tensorflow as tf
import tf1

from keras_xent import Reduction, v1
from keras_xent._verification import oracles

LOGITS, LABELS = tf.constant(tf1.logits_of([4, 3])), tf.constant(tf1.soft_labels_of([4, 3]))
WEIGHTS = tf.constant([1.0, 0.0, 2.0, 0.5])
ALL = (
    oracles.SoftmaxCrossEntropy(0.1, Reduction.MEAN),
    oracles.SoftmaxCrossEntropyWithLogits(-1),
    oracles.WeightedLoss(Reduction.SUM),
)


def inputs(oracle: oracles.Oracle) -> list:
    known = {
        "onehot_labels": LABELS,
        "labels": LABELS,
        "logits": LOGITS,
        "losses": LOGITS[:, 0],
        "weights": WEIGHTS,
    }
    return [known[name] for name in oracle.inputs]


@pytest.mark.parametrize("oracle", ALL, ids=lambda oracle: type(oracle).__name__)
class TestOracle:
    def test_it_names_functions_and_their_arguments(self, oracle: oracles.Oracle) -> None:
        ours = getattr(v1, oracle.ours.split(".")[-1])
        parameters = list(inspect.signature(ours).parameters)
        assert parameters[: len(oracle.inputs)] == list(oracle.inputs)
        assert set(oracle.arguments) <= set(parameters)
        module, name = oracle.theirs.rsplit(".", 1)
        assert hasattr(
            {"tf.compat.v1.losses": tf.compat.v1.losses}.get(module, tf.compat.v1.nn), name
        )

    def test_its_value_and_gradients_are_ours(self, oracle: oracles.Oracle) -> None:
        tensors = inputs(oracle)
        ours = getattr(v1, oracle.ours.split(".")[-1])
        arguments = dict(oracle.arguments)
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = ours(*tensors, **arguments)
        np.testing.assert_allclose(oracle.value(*tensors), value, rtol=1e-6)
        upstream = tf.ones_like(value) * 3
        found = oracle.gradients(upstream, tensors)
        expected = tape.gradient(
            value, tensors, upstream, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        for one, other, differentiable in zip(found, expected, oracle.differentiable):
            np.testing.assert_allclose(one, other, atol=1e-5)
            assert bool(np.any(one != 0)) is differentiable

    def test_tolerances_have_the_shapes_and_are_small(self, oracle: oracles.Oracle) -> None:
        tensors = inputs(oracle)
        value = oracle.value(*tensors)
        tolerance = oracle.value_tolerance(*tensors)
        assert tolerance.shape == value.shape
        assert np.all((tolerance > 0) & (tolerance < 1e-4))
        for each, tensor in zip(oracle.gradient_tolerances(tf.ones_like(value), *tensors), tensors):
            if each is not None:
                assert each.shape == tensor.shape
                assert np.all((each >= 0) & (each < 1e-4))


def test_integer_inputs_have_gradients_of_zeros() -> None:
    oracle = oracles.SoftmaxCrossEntropy(0.0, Reduction.SUM)
    tensors = [tf.cast(LABELS, tf.int32), LOGITS, tf.constant(1)]
    gradients = oracle.gradients(tf.constant(1.0), tensors)
    assert [each.dtype for each in gradients] == [tf.int32, tf.float32, tf.int32]
