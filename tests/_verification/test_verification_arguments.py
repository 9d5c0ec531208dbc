"""What a call is given: forms that both take, and where the two differ on purpose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf1
from verified_calls import (
    LABELS,
    LOGITS,
    WEIGHTS,
    loss,
)

from keras_xent import Reduction, v1
from keras_xent.testing import VerificationError, verify


class TestDocumentedDifferences:
    def test_an_impossible_class_is_named(self) -> None:
        logits = np.array([[1, -np.inf], [1, 2]], np.float32)
        with verify():
            with pytest.raises(VerificationError, match=r"logits that are -inf: 1 \(if TensorF"):
                v1.softmax_cross_entropy([[1, 0], [0, 1]], logits)
            # Infinity in both.
            v1.softmax_cross_entropy([[0, 1], [0, 1]], logits)
            # NaN in both.
            v1.softmax_cross_entropy([[0, 1], [0, 1]], logits * np.float32(np.nan))

    def test_a_negative_axis_is_counted_from_the_front_for_tensorflow(self) -> None:
        logits = tf1.logits_of([2, 3, 4])
        with verify():
            tf1.by_tape(
                lambda x: v1.softmax_cross_entropy_with_logits_v2(np.ones_like(logits) / 3, x, -2),
                logits,
            )

    def test_what_tensorflow_alone_refuses_fails(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: Any, **__: Any) -> None:
            raise ValueError("no such thing")

        monkeypatch.setattr(tf.compat.v1.losses, "softmax_cross_entropy", refuse)
        with verify(), pytest.raises(VerificationError, match=r"raises an error(.|\n)*such thing"):
            loss(LOGITS, LABELS, WEIGHTS)

    def test_what_ours_refuses_it_refuses_in_its_own_words(self) -> None:
        with verify(), pytest.raises(ValueError, match=r"label_smoothing is 2\.0"):
            v1.softmax_cross_entropy(LABELS, LOGITS, label_smoothing=2.0)
        with verify(), pytest.raises(ValueError, match="must have the same shape"):
            v1.softmax_cross_entropy(LABELS[:1], LOGITS)


@pytest.mark.parametrize("weights", [2, True, [1, 0, 2, 0], [True, False, True, True], 0.0, [0.0]])
def test_every_form_of_weights_is_silent(weights: Any) -> None:
    for reduction in (Reduction.MEAN, Reduction.NONE):
        with verify():
            tf1.by_tape(
                lambda logits, reduction=reduction: v1.softmax_cross_entropy(
                    LABELS, logits, weights, reduction=reduction
                ),
                LOGITS,
            )
