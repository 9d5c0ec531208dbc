"""Porting can begin by changing an import: the signatures are TF1's."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from typing import Any, List, Tuple

import pytest
import tf1

import keras_xent
from keras_xent import v1

FUNCTIONS = [field.name for field in dataclasses.fields(tf1.Functions)]


def parameters(function: Any) -> List[Tuple[str, Any, Any]]:
    return [
        (each.name, each.kind, tf1.REDUCTIONS.get(each.default, each.default))
        for each in inspect.signature(function).parameters.values()
    ]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_names_order_kinds_and_defaults_are_tf1s(name: str) -> None:
    ours, theirs = getattr(tf1.OURS, name), getattr(tf1.THEIRS, name)
    assert parameters(ours) == parameters(theirs)


def test_the_module_offers_these_three() -> None:
    assert sorted(v1.__all__) == sorted(FUNCTIONS)
    assert keras_xent.v1 is v1


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_keep_their_name_and_document_themselves(name: str) -> None:
    function = getattr(v1, name)
    assert function.__name__ == name
    for section in ("Args:", "Returns:", "Raises:", "Example:", "from TF1:"):
        assert section in function.__doc__


def test_positional_calls_mean_what_they_mean_in_tf1() -> None:
    labels, logits = tf1.one_hot_of([4, 3]), tf1.logits_of([4, 3])
    weights = [1.0, 0.0, 2.0, 0.5]
    arguments = (labels, logits, weights, 0.1, "scope", None, "weighted_mean")
    tf1.assert_same(
        [tf1.OURS.softmax_cross_entropy(*arguments)],
        [tf1.THEIRS.softmax_cross_entropy(*arguments)],
    )
    tf1.assert_same(
        [tf1.OURS.softmax_cross_entropy_with_logits_v2(labels, logits, 0, "name")],
        [tf1.THEIRS.softmax_cross_entropy_with_logits_v2(labels, logits, 0, "name")],
    )
    arguments = (logits[:, 0], weights, "scope", None, "weighted_mean")
    tf1.assert_same(
        [tf1.OURS.compute_weighted_loss(*arguments)],
        [tf1.THEIRS.compute_weighted_loss(*arguments)],
    )


def test_functions_can_be_bound_in_advance() -> None:
    labels, logits = tf1.one_hot_of([4, 3]), tf1.logits_of([4, 3])
    ours = functools.partial(v1.softmax_cross_entropy, label_smoothing=0.1, weights=0.4)
    theirs = functools.partial(tf1.THEIRS.softmax_cross_entropy, label_smoothing=0.1, weights=0.4)
    tf1.assert_same([ours(labels, logits)], [theirs(labels, logits)])
