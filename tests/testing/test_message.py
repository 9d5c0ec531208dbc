"""The message is read by people."""

from __future__ import annotations

import numpy as np
import ports
import pytest
import tensorflow as tf
from ports import tf1_loss

from keras_xent._keras import IS_KERAS_3
from keras_xent.testing import assert_same_loss


def test_it_has_the_case_both_numbers_the_shapes_the_silent_change_and_the_advice() -> None:
    new = tf.keras.losses.CategoricalCrossentropy(from_logits=True)
    with pytest.raises(AssertionError) as caught:
        assert_same_loss(tf1_loss, new, num_classes=ports.CLASSES, **ports.PLAIN)
    text = str(caught.value)
    lines = text.splitlines()
    assert lines[0] == "the new loss differs from the old one in 9 of 19 cases."
    assert lines[1] == "(3 more cases were skipped: the old loss raises an error for them.)"
    assert lines[3] == "Silent change 1, weights of zero:"
    assert lines[4] == "  weights, some zero (float32): labels [4, 5], logits [4, 5], weights [4]"
    assert lines[5].startswith("  value: old ")
    old, new_value = (float(lines[5].split(word)[1].split()[0]) for word in ("old ", "new "))
    # 3 weights of 4 are not zero.
    np.testing.assert_allclose(new_value / old, 3 / 4, rtol=1e-4)
    assert "(float32 [])" in lines[5]
    assert "gradient with respect to logits, at [" in text
    assert "reduction=keras_xent.Reduction.SUM_BY_NONZERO_WEIGHTS" in text
    assert "Also in: " in text


def test_wrong_numbers_come_before_wrong_dtypes() -> None:
    new = tf.keras.losses.CategoricalCrossentropy(from_logits=True)
    with pytest.raises(AssertionError) as caught:
        assert_same_loss(tf1_loss, new, num_classes=ports.CLASSES)
    lines = str(caught.value).splitlines()
    numbers = [line.split()[2] for line in lines if line.startswith("Silent change")]
    assert numbers[0] == "1,"
    # Keras 2 returns the logits' dtype, as TF1 does.
    assert set(numbers) == {"1,", "6,", "7,", *(["14,"] if IS_KERAS_3 else [])}
