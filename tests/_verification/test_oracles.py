"""TensorFlow's functions are called as ours were."""

from __future__ import annotations

import inspect
from typing import Any, List

import modes
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
        expected = tape.gradient(value, tensors, upstream)
        assert [one is None for one in found] == [other is None for other in expected]
        assert [name for name, one in zip(oracle.inputs, found) if one is None] == (
            ["onehot_labels"] if "onehot_labels" in oracle.inputs else []
        )
        for one, other in zip(found, expected):
            if one is not None:
                np.testing.assert_allclose(one, other, atol=1e-5)

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


def test_integer_inputs_have_no_gradients() -> None:
    oracle = oracles.SoftmaxCrossEntropy(0.0, Reduction.SUM)
    tensors = [tf.cast(LABELS, tf.int32), LOGITS, tf.constant(1)]
    gradients = oracle.gradients(tf.constant(1.0), tensors)
    assert [None if each is None else each.dtype for each in gradients] == [None, tf.float32, None]


class TestBroadcast:
    """TensorFlow's kernel broadcasts labels to logits, and then has no gradient to give."""

    oracle = oracles.SoftmaxCrossEntropyWithLogits(-1)

    def tensors(self, labels: Any, logits: Any) -> List[tf.Tensor]:
        return [tf.constant(tf1.soft_labels_of(labels)), tf.constant(tf1.logits_of(logits))]

    @pytest.mark.parametrize(
        ("labels", "logits"),
        [
            ((1, 3), (4, 3)),
            ((4, 1), (4, 3)),
            ((1, 1), (4, 3)),
            ((4, 3), (4, 1)),
            ((3,), (4, 3)),
        ],
    )
    def test_value_and_gradients_are_those_of_tensors_that_are_broadcast_before(
        self, labels: Any, logits: Any
    ) -> None:
        tensors = self.tensors(labels, logits)
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            broadcast = [tf.broadcast_to(each, [4, 3]) for each in tensors]
            expected = tf1.THEIRS.softmax_cross_entropy_with_logits_v2(*broadcast)
        np.testing.assert_array_equal(self.oracle.value(*tensors), expected)
        assert self.oracle.value_tolerance(*tensors).shape == [4]
        upstream = tf.constant([1.0, 2.0, 3.0, 4.0])
        gradients = tape.gradient(expected, tensors, upstream)
        tolerances = self.oracle.gradient_tolerances(upstream, *tensors)
        for mode in ("eager", "traced_unknown_shapes"):
            found = modes.MODES[mode](
                lambda *inputs: self.oracle.gradients(upstream, inputs), *tensors
            )
            for one, other, tolerance in zip(found, gradients, tolerances):
                assert one.shape == other.shape == tolerance.shape
                assert np.all(np.abs(one - other) <= tolerance)

    @pytest.mark.parametrize("axis", [0, 1, -1])
    def test_another_axis(self, axis: int) -> None:
        oracle = oracles.SoftmaxCrossEntropyWithLogits(axis)
        tensors = self.tensors((1, 3), (4, 3))
        if axis == 0:
            tensors = self.tensors((4, 1), (4, 3))
        upstream = tf.ones([3 if axis == 0 else 4])
        assert oracle.value_tolerance(*tensors).shape == upstream.shape
        for each in (oracle.gradients, lambda up, given: oracle.gradient_tolerances(up, *given)):
            assert [one.shape for one in each(upstream, tensors)] == [one.shape for one in tensors]

    def test_tolerances_of_shapes_that_are_equal_stay(self) -> None:
        tensors = self.tensors((4, 3), (4, 3))
        repeated = [self.tensors((1, 3), (1, 3))[0], tensors[1][:1]]
        one = self.oracle.value_tolerance(*repeated)
        other = self.oracle.value_tolerance(repeated[0], tf.repeat(repeated[1], 4, 0))
        np.testing.assert_array_equal(tf.repeat(one, 4), other)
