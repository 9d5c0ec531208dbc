"""The arguments that TF1's functions share."""

from __future__ import annotations

import numpy as np
import pytest
import tf1

from keras_xent.reduction import V1_NAMES
from keras_xent.v1 import arguments


def test_a_reduction_has_tf1s_names_and_ours() -> None:
    for name, theirs in tf1.REDUCTIONS.items():
        assert V1_NAMES[arguments.to_reduction(name)] == theirs


def test_a_smoothing_below_0_is_none_and_true_is_1() -> None:
    given = [0, -0.3, 0.1, True, np.True_, np.float32(0.5)]
    assert [arguments.to_smoothing(each) for each in given] == [0, 0, 0.1, 1, 1, 0.5]


def test_the_first_missing_argument_is_named() -> None:
    arguments.require(labels=0, logits=False)
    with pytest.raises(ValueError, match="logits is None"):
        arguments.require(labels=0, logits=None, weights=None)


def test_only_none_may_stand_first() -> None:
    arguments.require_keywords("f", None)
    with pytest.raises(ValueError, match=r"call f\(labels=\.\.\., logits=\.\.\.\)"):
        arguments.require_keywords("f", 0)
