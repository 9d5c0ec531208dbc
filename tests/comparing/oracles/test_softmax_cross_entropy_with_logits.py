"""The oracles of the nn functions of dense labels, where labels and logits are broadcast."""

from __future__ import annotations

from typing import Any

import modes
import numpy as np
import pytest
import tensorflow as tf
import tf1

from keras_xent.comparing.oracles import ORACLES


class TestBroadcast:
    """TensorFlow's kernel broadcasts labels to logits, and then has no gradient to give."""

    oracle = ORACLES["softmax_cross_entropy_with_logits_v2"](-1)

    def tensors(self, labels: Any, logits: Any) -> list[tf.Tensor]:
        return [tf.constant(tf1.soft_labels_of(labels)), tf.constant(tf1.logits_of(logits))]

    def test_value_and_gradients_are_those_of_tensors_that_are_broadcast_before(self) -> None:
        upstream = tf.constant([1.0, 2.0, 3.0, 4.0])
        in_modes = [
            modes.once(mode, lambda *inputs: self.oracle.gradients(upstream, inputs))
            for mode in ("eager", "traced_unknown_shapes")
        ]
        for labels, logits in (
            ((1, 3), (4, 3)),
            ((4, 1), (4, 3)),
            ((1, 1), (4, 3)),
            ((4, 3), (4, 1)),
            ((3,), (4, 3)),
        ):
            tensors = self.tensors(labels, logits)
            with tf.GradientTape() as tape:
                tape.watch(tensors)
                broadcast = [tf.broadcast_to(each, [4, 3]) for each in tensors]
                expected = tf1.THEIRS.softmax_cross_entropy_with_logits_v2(*broadcast)
            np.testing.assert_array_equal(self.oracle.value(*tensors), expected)
            assert self.oracle.value_tolerance(*tensors).shape == [4]
            gradients = tape.gradient(expected, tensors, upstream)
            tolerances = self.oracle.gradient_tolerances(upstream, *tensors)
            for in_mode in in_modes:
                for one, other, tolerance in zip(in_mode(*tensors), gradients, tolerances):
                    assert one.shape == other.shape == tolerance.shape, (labels, logits)
                    assert np.all(np.abs(one - other) <= tolerance), (labels, logits)

    @pytest.mark.parametrize("axis", [0, 1, -1])
    def test_another_axis(self, axis: int) -> None:
        oracle = ORACLES["softmax_cross_entropy_with_logits_v2"](axis)
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

    def test_the_older_function_stops_the_gradient_to_the_labels(self) -> None:
        oracle = ORACLES["softmax_cross_entropy_with_logits"](-1)
        tensors = self.tensors((1, 3), (4, 3))
        np.testing.assert_array_equal(oracle.value(*tensors), self.oracle.value(*tensors))
        upstream = tf.constant([1.0, 2.0, 3.0, 4.0])
        for older, newer in (
            (oracle.gradients(upstream, tensors), self.oracle.gradients(upstream, tensors)),
            (
                oracle.gradient_tolerances(upstream, *tensors),
                self.oracle.gradient_tolerances(upstream, *tensors),
            ),
        ):
            assert older[0] is None
            np.testing.assert_array_equal(older[1], newer[1])
