"""What of a comparison depends on the kind of labels."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_xent.testing import labels
from keras_xent.testing.labels import BINARY, IDS, ONE_HOT


def test_the_losses_are_one_a_row_or_one_a_class() -> None:
    shapes = {kind.name: kind.losses_shape((4, 2, 3)) for kind in labels.ALL.values()}
    assert shapes == {"one-hot": (4, 2), "class ids": (4, 2), "binary": (4, 2, 3)}


@pytest.mark.parametrize("kind", labels.ALL.values(), ids=lambda kind: kind.name)
def test_each_activates_as_its_loss_does(kind: labels.Labels) -> None:
    logits = tf.constant([[1.0, 2.0, 4.0]])
    np.testing.assert_allclose(kind.activate(logits), kind.keras_activate(logits), rtol=1e-6)
    total = float(tf.reduce_sum(kind.activate(logits)))
    assert (total == pytest.approx(1)) is not kind.each_class
    assert hasattr(tf.keras.losses, kind.keras_class)


def test_labels_of_one_class() -> None:
    np.testing.assert_array_equal(ONE_HOT.of_class(1, (2, 3)), [[0, 1, 0]] * 2)
    np.testing.assert_array_equal(IDS.of_class(1, (2, 3)), [1, 1])


def test_rows_with_a_label_are_counted() -> None:
    assert ONE_HOT.labelled(np.array([[0, 0], [0, 1.0]])) == 1
    assert IDS.labelled(np.array([-1, 0, 1])) == 2
    assert BINARY.labelled(np.array([[0, 0], [0, 1.0]])) == 0
