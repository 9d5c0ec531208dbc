"""Where arguments go in a loss object: nowhere that isn't there, and none is forgotten."""

from __future__ import annotations

import inspect

import pytest

import keras_xent
from keras_xent_cli.migrate.source.function import Function, Loss
from keras_xent_cli.migrate.tensorflow import functions

WITH_OBJECT = [function for function in functions.ALL if function.loss_object]
LOSSES = list(
    {function.loss.object_name: function.loss for function in WITH_OBJECT if function.loss}.values()
)


@pytest.mark.parametrize("function", WITH_OBJECT, ids=lambda each: each.name)
def test_every_argument_goes_somewhere(function: Function) -> None:
    plan = function.loss_object
    assert plan
    places = [*plan.moved, *plan.renamed, *plan.dropped]
    assert set(places) >= set(function.parameters)
    assert len(places) == len(set(places))


@pytest.mark.parametrize("function", WITH_OBJECT, ids=lambda each: each.name)
def test_they_go_where_the_loss_object_has_arguments(function: Function) -> None:
    plan, loss = function.loss_object, function.loss
    assert plan
    while loss:
        of_loss = getattr(keras_xent, loss.object_name)
        constructor = inspect.signature(of_loss).parameters
        call = inspect.signature(of_loss.__call__).parameters
        assert set(plan.moved.values()) <= set(loss.constructor) <= set(constructor)
        assert set(plan.renamed.values()) <= set(call)
        assert plan.reduction in keras_xent.Reduction.__members__
        loss = loss.of_ids


@pytest.mark.parametrize("loss", LOSSES, ids=lambda each: each.object_name)
def test_the_constructor_s_arguments_are_in_its_order(loss: Loss) -> None:
    constructor = list(inspect.signature(getattr(keras_xent, loss.object_name)).parameters)
    assert list(loss.constructor) == sorted(loss.constructor, key=constructor.index)
