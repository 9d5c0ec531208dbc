"""Porting can begin by changing an import: the signatures are TF1's."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf1

import keras_xent
from keras_xent import _verifiable, v1

FUNCTIONS = [field.name for field in dataclasses.fields(tf1.Functions)]
WITH_SENTINEL = [name for name in tf1.NN if not name.endswith("_v2")]


def parameters(function: Any) -> list[tuple[str, Any, Any]]:
    return [
        (each.name, each.kind, tf1.REDUCTIONS.get(each.default, each.default))
        for each in inspect.signature(function).parameters.values()
    ]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_names_order_kinds_and_defaults_are_tf1s(name: str) -> None:
    ours, theirs = parameters(getattr(tf1.OURS, name)), parameters(getattr(tf1.THEIRS, name))
    if name in WITH_SENTINEL:
        # TensorFlow 2 has dropped it from TF1's signature.
        assert ours.pop(0) == ("_sentinel", inspect.Parameter.POSITIONAL_OR_KEYWORD, None)
    assert ours == theirs


@pytest.mark.parametrize("name", WITH_SENTINEL)
def test_the_sentinel_takes_nothing(name: str) -> None:
    labels, logits = tf1.labels_of(name, [4, 3]), tf1.logits_of([4, 3])
    with pytest.raises(ValueError, match=rf"call {name}\(labels=\.\.\., logits=\.\.\.\)"):
        getattr(v1, name)(tf.constant(labels), tf.constant(logits))


def test_the_package_offers_these() -> None:
    assert sorted(v1.__all__) == sorted(FUNCTIONS)
    assert keras_xent.v1 is v1


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_keep_their_name_and_document_themselves(name: str) -> None:
    function = getattr(v1, name)
    assert function.__name__ == name
    for section in ("Args:", "Returns:", "Raises:", "Examples:", "from TF1:"):
        assert section in function.__doc__


def test_positional_calls_mean_what_they_mean_in_tf1() -> None:
    logits, weights = tf1.logits_of([4, 3]), [[1.0], [0.0], [2.0], [0.5]]
    ids, labels = tf1.ids_of([4, 3]), tf1.one_hot_of([4, 3])
    end = ("scope", None, "weighted_mean")
    calls = {
        "softmax_cross_entropy": (labels, logits, np.squeeze(weights), 0.1, *end),
        "sparse_softmax_cross_entropy": (ids, logits, weights, *end),
        "sigmoid_cross_entropy": (labels, logits, weights, 0.1, *end),
        "compute_weighted_loss": (logits, weights, *end),
        "softmax_cross_entropy_with_logits_v2": (labels, logits, 0, "name"),
    }
    for name, arguments in calls.items():
        ours, theirs = getattr(tf1.OURS, name), getattr(tf1.THEIRS, name)
        tf1.assert_same([ours(*arguments)], [theirs(*arguments)])


@pytest.mark.parametrize("name", tf1.LABELS)
def test_functions_can_be_bound_in_advance(name: str) -> None:
    labels, logits = tf1.labels_of(name, [4, 3]), tf1.logits_of([4, 3])
    ours = functools.partial(getattr(v1, name), weights=0.4, reduction="weighted_sum")
    theirs = functools.partial(
        getattr(tf1.THEIRS, name), weights=0.4, reduction="weighted_sum"
    )
    tf1.assert_same([ours(labels, logits)], [theirs(labels, logits)], scale=8)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_autograph_converts_no_function(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    autograph = tf.__internal__.autograph
    seen = []

    def verifier(compute: Any, inputs: Any, *_: Any) -> Any:
        seen.append(autograph.control_status_ctx().status.name)
        return compute(*inputs)

    monkeypatch.setattr(_verifiable, "_verifier", verifier)
    logits = tf1.logits_of([4, 3])
    given = {tf1.LABELS.get(name, "labels"): tf1.labels_of(name, [4, 3]), "logits": logits}

    @tf.function
    def run() -> Any:
        seen.append(autograph.control_status_ctx().status.name)
        if name == "compute_weighted_loss":
            return v1.compute_weighted_loss(logits)
        return getattr(v1, name)(**given)

    run.get_concrete_function()
    assert seen == ["ENABLED", "DISABLED"]
