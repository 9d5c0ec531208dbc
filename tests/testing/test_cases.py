"""The made inputs tell apart what they are made for."""

from __future__ import annotations

import numpy as np
import pytest

from keras_xent.testing import assert_same_loss, cases, labels
from keras_xent.testing.case import Case, Sizes

UNWEIGHTED = [case for kind in labels.ALL.values() for case in cases.unweighted(kind)]
WEIGHTED = [case for kind in labels.ALL.values() for case in cases.weighted(kind)]
ALL = (*UNWEIGHTED, *WEIGHTED)


def test_names_are_unique() -> None:
    assert len({(case.labels.name, case.name) for case in ALL}) == len(ALL)


@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.labels.name}: {case.name}")
@pytest.mark.parametrize("sizes", [Sizes(2, 3), Sizes(5, 4)])
def test_inputs_fit_and_are_the_same_each_time(case: Case, sizes: Sizes) -> None:
    inputs, again = case.make(sizes), case.make(sizes)
    assert inputs.logits.shape[-1] == sizes.num_classes
    for one, other in ((inputs.logits, again.logits), (inputs.labels, again.labels)):
        np.testing.assert_array_equal(one, other)
    assert (inputs.weights is None) is (case in UNWEIGHTED)
    if case.labels is not labels.IDS:
        assert inputs.labels.shape == inputs.logits.shape
    else:
        losses_shape = inputs.logits.shape[:-1]
        another = "ids of another rank" in case.kinds
        assert inputs.labels.shape == (*losses_shape, *((1,) if another else ()))
        assert inputs.labels.dtype == (np.int64 if "int64 ids" in case.kinds else np.int32)
        least = -1 if "ids of -1" in case.kinds else 0
        assert np.all((inputs.labels >= least) & (inputs.labels < sizes.num_classes))
    matrix = case.labels is labels.BINARY and case.name.endswith((" [B, C]", " C"))
    if not matrix:
        assert inputs.logits.shape[0] == sizes.batch_size


def test_binary_labels_are_of_both_kinds_and_each_class_has_its_own() -> None:
    for case in cases.unweighted(labels.BINARY):
        made = case.make(Sizes(5, 4)).labels
        assert np.min(made) < 0.5 < np.max(made)
        assert len(set(np.sum(made, -1).reshape(-1))) > 1


@pytest.mark.parametrize("batch_size", [3, 4, 8, 32])
def test_no_two_denominators_are_the_same(batch_size: int) -> None:
    for case in WEIGHTED:
        weights = case.make(Sizes(5, batch_size)).weights
        if case.name not in ("weights, some zero", "weights [B, T], B == T"):
            continue
        numbers = [1.0, weights.size, np.count_nonzero(weights), float(weights.sum())]
        for i, one in enumerate(numbers):
            for other in numbers[:i]:
                assert abs(one / other - 1) > 0.05


def test_both_kinds_of_rank_3_are_there() -> None:
    for kind in labels.ALL.values():
        made = [case.make(Sizes(5, 4)).logits.shape for case in cases.unweighted(kind)]
        assert {shape[1] == shape[0] for shape in made if len(shape) == 3} == {True, False}


def test_every_kind_is_there_and_plain_inputs_have_none() -> None:
    assert {kind for case in ALL for kind in case.kinds} == set(cases.KINDS)
    plain = {case.name for case in ALL if not case.kinds}
    assert plain >= {"weights, some zero", "weights, none zero"}
    assert plain >= {"one-hot labels", "class ids", "binary labels"}
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
