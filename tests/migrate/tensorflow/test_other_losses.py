"""The loss of each element, against TF1's functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import keras_xent
from keras_xent_cli.migrate.tensorflow.other_losses import ALSO_IN_TF2, OTHER_LOSSES

_V1 = tf.compat.v1
FURTHER: dict[str, dict[str, Any]] = {"huber_loss": {"delta": 0.3}, "cosine_distance": {"axis": 1}}


@pytest.mark.parametrize("name", sorted(name for name, formula in OTHER_LOSSES.items() if formula))
def test_formulas(name: str) -> None:
    random = np.random.RandomState(0)
    labels = tf.constant(random.randint(2, size=(4, 3)), tf.float32)
    predictions = tf.constant(random.uniform(0, 1, (4, 3)), tf.float32)
    weights = tf.constant([[1.0], [0.0], [2.0], [0.0]])
    further = FURTHER.get(name, {})
    formula, _, where = OTHER_LOSSES[name].partition(" with ")
    values = {"tf": tf, "labels": labels, "predictions": predictions, "logits": predictions}
    values.update(further)
    exec(where, values)
    losses = eval(formula, values)
    ours = keras_xent.v1.compute_weighted_loss(losses, weights)
    theirs = getattr(_V1.losses, name)(labels, predictions, weights=weights, **further)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_they_are_tf1_s() -> None:
    assert all(hasattr(_V1.losses, name) for name in OTHER_LOSSES)
    assert {name for name in OTHER_LOSSES if hasattr(tf.losses, name)} <= ALSO_IN_TF2
