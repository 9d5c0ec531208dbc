"""The made inputs tell apart what they are made for."""

from __future__ import annotations

import numpy as np
import pytest

from keras_xent.testing import assert_same_loss, cases
from keras_xent.testing.cases import Sizes

ALL = (*cases.UNWEIGHTED, *cases.WEIGHTED)


def test_names_are_unique() -> None:
    assert len({case.name for case in ALL}) == len(ALL)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
@pytest.mark.parametrize("sizes", [Sizes(2, 3), Sizes(5, 4)])
def test_inputs_fit_and_are_the_same_each_time(case: cases.Case, sizes: Sizes) -> None:
    inputs, again = case.make(sizes), case.make(sizes)
    assert inputs.labels.shape == inputs.logits.shape
    assert inputs.logits.shape[0] == sizes.batch_size
    assert inputs.logits.shape[-1] == sizes.num_classes
    np.testing.assert_array_equal(inputs.logits, again.logits)
    assert (inputs.weights is None) is (case in cases.UNWEIGHTED)


@pytest.mark.parametrize("batch_size", [3, 4, 8, 32])
def test_no_two_denominators_are_the_same(batch_size: int) -> None:
    for case in cases.WEIGHTED:
        weights = case.make(Sizes(5, batch_size)).weights
        if case.name not in ("weights, some zero", "weights [B, T], B == T"):
            continue
        numbers = [1.0, weights.size, np.count_nonzero(weights), float(weights.sum())]
        for i, one in enumerate(numbers):
            for other in numbers[:i]:
                assert abs(one / other - 1) > 0.05


def test_both_kinds_of_rank_3_are_there() -> None:
    square = {case.make(Sizes(5, 4)).logits.shape[1] == 4 for case in ALL if "rank 3" in case.name}
    assert square == {True, False}


def test_every_kind_is_there_and_plain_inputs_have_none() -> None:
    assert {kind for case in ALL for kind in case.kinds} == set(cases.KINDS)
    plain = {case.name for case in ALL if not case.kinds}
    assert plain >= {"one-hot labels", "weights, some zero", "weights, none zero"}
    for case in ALL:
        shape = case.make(Sizes(5, 4)).logits.shape
        assert ("rank 3" in case.kinds) is (len(shape) == 3)


def test_the_docstring_says_what_each_kind_is() -> None:
    text = " ".join((assert_same_loss.__doc__ or "").replace("`", "").split())
    together = ("boolean weights", "integer weights")
    for kind, meaning in cases.KINDS.items():
        if kind not in together:
            assert f'"{kind}": {meaning}' in text
    assert '"boolean weights", "integer weights": weights of dtype bool and int32' in text
