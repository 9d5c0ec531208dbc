"""TF1's names and signatures, against the TensorFlow that is installed."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import pytest
import tensorflow as tf
import tf_slim

import keras_xent
from keras_xent_cli.migrate.source.function import Function
from keras_xent_cli.migrate.tensorflow import functions
from keras_xent_cli.migrate.tensorflow.losses import sigmoid, softmax, sparse_softmax, weighted
from keras_xent_cli.migrate.tensorflow.tf1_modules import (
    CONTRIB_LOSSES_MODULES,
    LOSSES_MODULES,
    NN_MODULES,
    canonical,
)

_V1 = tf.compat.v1
_HOMES = {
    LOSSES_MODULES: _V1.losses,
    NN_MODULES: _V1.nn,
    CONTRIB_LOSSES_MODULES: tf_slim.losses,
}


def theirs(function: Function) -> Any:
    return getattr(_HOMES[function.modules], function.name)


def parameters(function: Any) -> tuple[str, ...]:
    return tuple(inspect.signature(inspect.unwrap(function)).parameters)


def test_all_are_found() -> None:
    files = (softmax, sparse_softmax, sigmoid, weighted)
    assert set(functions.ALL) == {function for file in files for function in file.FUNCTIONS}


@pytest.mark.parametrize("function", functions.ALL, ids=lambda each: each.name)
def test_signatures(function: Function) -> None:
    # TensorFlow has dropped the first one of TF1's, which makes positional arguments an error.
    kept = tuple(name for name in function.parameters if name != "_sentinel")
    assert kept == tuple(name for name in parameters(theirs(function)) if name != "_sentinel")
    ours = parameters(getattr(keras_xent.v1, function.name))
    if function.has_other_order:
        assert set(function.parameters) <= set(ours)
    else:
        assert ours == function.parameters
    assert function.labels is None or function.labels in ours


def test_reductions() -> None:
    of_tf1 = _V1.losses.Reduction
    assert {name: getattr(of_tf1, name) for name in functions.REDUCTIONS} == functions.REDUCTIONS
    for name, string in functions.REDUCTIONS.items():
        assert keras_xent.Reduction(string) is getattr(keras_xent.Reduction, name)
    assert set(functions.REDUCTIONS.values()) == set(of_tf1.all())


@pytest.mark.parametrize("module", sorted({*LOSSES_MODULES, *NN_MODULES}))
def test_modules_have_the_functions(module: str) -> None:
    """Also that the private ones are TF1's, whatever `tensorflow` is."""
    public = module.replace("tensorflow.", "tensorflow.compat.v1.", 1)
    found = importlib.import_module(module if ".python." in module else public)
    known = [each for each in functions.ALL if module in each.modules and hasattr(found, each.name)]
    assert known
    for function in known:
        their = getattr(found, function.name)
        if function is softmax.LOGITS_V2:  # TensorFlow's own has no dim
            assert parameters(their)[:4] == parameters(theirs(function))[:4]
        else:
            assert inspect.unwrap(their) is inspect.unwrap(theirs(function))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tensorflow.losses.softmax_cross_entropy", softmax.LOSS),
        ("tensorflow.compat.v1.losses.sigmoid_cross_entropy", sigmoid.SIGMOID_LOSS),
        ("tensorflow.compat.v2.losses.sigmoid_cross_entropy", None),
        ("tensorflow.losses.mean_squared_error", None),
        ("", None),
        ("tensorflow.contrib.slim.losses.softmax_cross_entropy", softmax.CONTRIB),
    ],
)
def test_tf1_function(name: str, expected: Function) -> None:
    assert functions.tf1_function(name) is expected


def test_ported_function() -> None:
    name = "keras_xent.v1.softmax_cross_entropy"
    assert functions.ported_function(name) is softmax.LOSS  # and not contrib's
    assert functions.ported_function("keras_xent.softmax_cross_entropy") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tensorflow.losses.Reduction.SUM", "SUM"),
        ("tensorflow.compat.v1.losses.Reduction.MEAN", "MEAN"),
        ("tensorflow.python.ops.losses.losses_impl.Reduction.NONE", "NONE"),
        ("tensorflow.losses.Reduction.all", None),
        ("tensorflow.losses.Reduction", None),
        ("tensorflow.keras.losses.Reduction.SUM", None),
    ],
)
def test_reduction_of(name: str, expected: str) -> None:
    assert functions.reduction_of(name) == expected


def test_names() -> None:
    assert {function.name for function in functions.ALL} == functions.FUNCTION_NAMES
    assert functions.LOSSES_NAMES | functions.NN_NAMES == functions.FUNCTION_NAMES
    assert not functions.LOSSES_NAMES & functions.NN_NAMES
    for name in functions.LOSSES_NAMES:
        assert not hasattr(tf.losses, name), "it isn't TF1's alone"
    assert canonical("tensorflow.losses") == "tensorflow.losses"
