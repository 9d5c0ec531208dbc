"""Reduction's members, and the names it takes from TF1 and Keras."""

from __future__ import annotations

import json

import pytest
import tensorflow as tf

from keras_xent import Reduction
from keras_xent.reduction import V1_NAMES


def test_members_are_kerass_strings() -> None:
    assert {member.name: member.value for member in Reduction} == {
        "NONE": "none",
        "SUM": "sum",
        "SUM_OVER_BATCH_SIZE": "sum_over_batch_size",
        "MEAN": "mean_with_sample_weight",
        "SUM_BY_NONZERO_WEIGHTS": "sum_by_nonzero_weights",
    }


@pytest.mark.parametrize("member", list(Reduction))
def test_a_member_stands_for_its_string(member: Reduction) -> None:
    assert member == member.value
    assert hash(member) == hash(member.value)
    assert {member.value: 1}[member] == 1
    assert json.dumps(member) == json.dumps(member.value)
    assert str(member) == member.value
    assert f"{member}" == member.value
    assert f"{member:>30}" == f"{member.value:>30}"
    assert Reduction(member) is member
    assert Reduction(member.value) is member


def test_tf1s_older_name_is_an_alias() -> None:
    assert Reduction.SUM_OVER_NONZERO_WEIGHTS is Reduction.SUM_BY_NONZERO_WEIGHTS


@pytest.mark.parametrize(
    "name",
    [
        "NONE",
        "SUM",
        "SUM_OVER_BATCH_SIZE",
        "MEAN",
        "SUM_BY_NONZERO_WEIGHTS",
        "SUM_OVER_NONZERO_WEIGHTS",
    ],
)
def test_every_tf1_constant_is_the_member_of_its_name(name: str) -> None:
    assert Reduction(getattr(tf.compat.v1.losses.Reduction, name)) is Reduction[name]


def test_every_tf1_constant_is_known() -> None:
    for constant in tf.compat.v1.losses.Reduction.all():
        assert isinstance(Reduction(constant), Reduction)


@pytest.mark.parametrize("member", list(Reduction))
def test_v1_names_are_tf1s_constants(member: Reduction) -> None:
    assert V1_NAMES[member] == getattr(tf.compat.v1.losses.Reduction, member.name)


def test_kerass_misleading_names() -> None:
    assert Reduction("mean") is Reduction.SUM_OVER_BATCH_SIZE
    assert Reduction("auto") is Reduction.SUM_OVER_BATCH_SIZE
    assert Reduction("weighted_mean") is Reduction.MEAN
    assert Reduction("mean_with_sample_weight") is Reduction.MEAN


def test_none_is_none() -> None:
    assert Reduction(None) is Reduction.NONE


@pytest.mark.parametrize("wrong", ["average", "SUM", "", 3, 1.0, b"sum", ("sum",), ["sum"], True])
def test_other_values_raise_an_error_with_the_names_there_are(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"expected a keras_xent\.Reduction") as error:
        Reduction(wrong)
    assert repr(wrong) in str(error.value)
    for member in Reduction:
        assert member.value in str(error.value)
    assert "weighted_sum_by_nonzero_weights" in str(error.value)
