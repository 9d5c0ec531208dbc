"""What more calls find out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ports import CLASSES, each, tf1_loss, tf1_with

from keras_xent.testing import cases, evidence
from keras_xent.testing.calling import Loss
from keras_xent.testing.case import Sizes
from keras_xent.testing.comparison import compare
from keras_xent.testing.evidence import Evidence

CASE = cases.WEIGHTED[0]
INPUTS = CASE.make(Sizes(CLASSES, 4))


def evidence_of(loss: Any) -> Evidence:
    old = Loss(loss, "old")
    return Evidence(old, old, compare(old, old, CASE, INPUTS, "float32", (1e-5, 2e-6)))


@pytest.mark.parametrize("reduction", ["none", "weighted_sum", "weighted_mean"])
def test_the_losses_of_examples_whatever_the_reduction(reduction: str) -> None:
    found = evidence_of(tf1_with(reduction=reduction))
    expected = each(INPUTS.labels, INPUTS.logits)
    np.testing.assert_allclose(found.losses(found.old), expected, rtol=1e-5)


def test_examples_are_compared_until_two_differ_and_each_is_called_once() -> None:
    called = []

    def loss(labels: Any, logits: Any) -> Any:
        called.append(logits.numpy())
        return tf1_loss(labels, logits)

    found = evidence_of(tf1_loss)
    old, new = found.examples(found.old), found.examples(Loss(loss, "new"))
    assert not found.equal(found.examples(new.loss, INPUTS.logits / 2), old)
    assert len(called) == 1
    assert found.equal(new, old)
    assert found.losses(new.loss) is not None
    np.testing.assert_allclose(np.concatenate(called[1:]), INPUTS.logits, rtol=1e-6)


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [
        ("weighted_sum", {evidence.NOTHING}),
        ("weighted_sum_by_nonzero_weights", {evidence.NONZERO, evidence.POSITIVE}),
        ("weighted_sum_over_batch_size", {evidence.COUNT, evidence.LABELLED}),
        ("weighted_mean", {evidence.SUM, evidence.SUM_AS_GIVEN}),
    ],
)
def test_denominators(reduction: str, expected: set[str]) -> None:
    found = evidence_of(tf1_with(reduction=reduction))
    losses = found.losses(found.old)
    assert found.denominators(found.found.old.value, losses) == expected


@pytest.mark.parametrize("reduction", ["none", "weighted_sum", "weighted_mean"])
def test_smoothing(reduction: str) -> None:
    found = evidence_of(tf1_with(label_smoothing=0.1, reduction=reduction))
    own, share, at_rank_3 = found.smoothing(found.old)
    assert own == pytest.approx(0.9, abs=1e-4)
    assert share == pytest.approx(0.1 / CLASSES, abs=1e-4)
    assert at_rank_3 == pytest.approx(0.1 / CLASSES, abs=1e-4)


def test_what_refuses_gives_none() -> None:
    found = evidence_of(tf1_loss)

    def refuse(labels: Any, logits: Any) -> Any:
        raise KeyError

    assert found.losses(Loss(refuse, "new")) is None
    assert found.smoothing(Loss(refuse, "newer")) is None
