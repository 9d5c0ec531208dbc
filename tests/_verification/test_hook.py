"""All functions of keras_xent.v1 pass the hook."""

from __future__ import annotations

from typing import Any

import modes
import numpy as np
import oracle_calls
import pytest
import tensorflow as tf
import tf1

from keras_xent import Reduction, _verifiable, v1
from keras_xent._verifiable import computed
from keras_xent.comparing.oracles import ORACLES
from keras_xent.testing import VerificationError, verify


def test_off_it_only_calls() -> None:
    arguments = (1.0, "anything")
    found = computed(lambda *given: given, arguments, "compute_weighted_loss", nonsense=None)
    assert found == arguments


@pytest.mark.parametrize("name", v1.__all__)
def test_every_function_has_an_oracle_and_passes(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = []

    def verifier(compute: Any, inputs: Any, function: str, arguments: Any) -> Any:
        passed.append(function)
        assert ORACLES[function](**arguments).ours == f"keras_xent.v1.{name}"
        return compute(*inputs)

    monkeypatch.setattr(_verifiable, "_verifier", verifier)
    oracle = ORACLES[name]
    getattr(v1, name)(**dict(zip(oracle.inputs, oracle_calls.inputs(name))))
    assert passed == [name]


def test_on_it_verifies() -> None:
    losses = tf.constant([1.0, 3.0])
    with verify():
        computed(
            lambda losses, weights: tf.reduce_mean(losses),
            (losses, 1.0),
            "compute_weighted_loss",
            reduction=Reduction.SUM_OVER_BATCH_SIZE,
        )
        with pytest.raises(VerificationError):
            computed(
                lambda losses, weights: tf.reduce_sum(losses),
                (losses, 1.0),
                "compute_weighted_loss",
                reduction=Reduction.SUM_OVER_BATCH_SIZE,
            )


def test_variables_lists_and_numbers_are_taken_as_ever() -> None:
    labels, logits = tf1.one_hot_of([4, 3]), tf.Variable(tf1.logits_of([4, 3]))
    expected = v1.softmax_cross_entropy(labels.tolist(), logits, [1, 0, 2, 0]).numpy()
    with verify(), tf.GradientTape() as tape:
        found = v1.softmax_cross_entropy(labels.tolist(), logits, [1, 0, 2, 0])
    assert found.numpy() == expected
    assert tape.gradient(found, logits) is not None


# Of labels and logits.
BROADCAST = [
    ([1, 3], [4, 3]),
    ([4, 3], [1, 3]),
    ([4, 1], [4, 3]),
    ([3], [4, 3]),
    ([6, 3], [2, 3, 3]),
]


@pytest.mark.parametrize("mode", ["eager", "tf1_graph"])
def test_labels_and_logits_that_broadcast_are_verified(mode: str) -> None:
    def run(labels: Any, logits: Any, factor: Any) -> Any:
        def compute(labels: Any, logits: Any) -> Any:
            # The gradient with respect to the labels is a sum over the rows.
            scaled = factor * labels + (1 - factor) * tf.stop_gradient(labels)
            return v1.softmax_cross_entropy_with_logits_v2(scaled, logits)

        def verified(labels: Any, logits: Any) -> Any:
            arguments = ((labels, logits), "softmax_cross_entropy_with_logits_v2")
            with verify():
                return computed(compute, *arguments, axis=-1)

        by = tf1.by_tf_gradients if mode == "tf1_graph" else tf1.by_tape
        return by(verified, labels, logits)

    in_mode = modes.once(mode, run)
    failures = (VerificationError, tf.errors.InvalidArgumentError)
    for labels_shape, logits_shape in BROADCAST:
        inputs = tf1.soft_labels_of(labels_shape), tf1.logits_of(logits_shape)
        shapes = [list(each.shape) for each in in_mode(*inputs, np.float32(1))[1:]]
        assert shapes == [labels_shape, logits_shape]
        with pytest.raises(failures, match="in its gradient with respect to labels"):
            in_mode(*inputs, np.float32(1.01))
