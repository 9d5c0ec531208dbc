"""Where arguments go in a loss object: nowhere that isn't there, and none is forgotten."""

from __future__ import annotations

import inspect

import pytest

import keras_xent
from keras_xent.migrate.functions import SIGNATURES, Function
from keras_xent.migrate.plans import CONSTRUCTOR, PLANS


@pytest.mark.parametrize("function", sorted(PLANS, key=lambda each: each.name))
def test_every_argument_goes_somewhere(function: Function) -> None:
    plan = PLANS[function]
    places = [*plan.moved, *plan.renamed, *plan.dropped]
    assert set(places) >= set(SIGNATURES[function].parameters)
    assert len(places) == len(set(places))


@pytest.mark.parametrize("function", sorted(PLANS, key=lambda each: each.name))
def test_they_go_where_the_loss_object_has_arguments(function: Function) -> None:
    constructor = inspect.signature(keras_xent.CategoricalCrossentropy).parameters
    call = inspect.signature(keras_xent.CategoricalCrossentropy.__call__).parameters
    assert set(PLANS[function].moved.values()) <= set(CONSTRUCTOR) <= set(constructor)
    assert set(PLANS[function].renamed.values()) <= set(call)
    assert PLANS[function].reduction in keras_xent.Reduction.__members__


def test_the_constructor_s_arguments_are_in_its_order() -> None:
    constructor = list(inspect.signature(keras_xent.CategoricalCrossentropy).parameters)
    assert list(CONSTRUCTOR) == sorted(CONSTRUCTOR, key=constructor.index)
