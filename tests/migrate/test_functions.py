"""TF1's names and signatures, against the TensorFlow that is installed."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import pytest
import tensorflow as tf
import tf_slim

import keras_xent
from keras_xent.migrate import functions
from keras_xent.migrate.functions import SIGNATURES, Function

_V1 = tf.compat.v1
THEIRS = {
    Function.LOSS: _V1.losses.softmax_cross_entropy,
    Function.WEIGHTED: _V1.losses.compute_weighted_loss,
    Function.LOGITS_V2: _V1.nn.softmax_cross_entropy_with_logits_v2,
    Function.LOGITS: _V1.nn.softmax_cross_entropy_with_logits,
    Function.CONTRIB: tf_slim.losses.softmax_cross_entropy,
}


def parameters(function: Any) -> tuple:
    return tuple(inspect.signature(inspect.unwrap(function)).parameters)


@pytest.mark.parametrize("function", list(Function))
def test_signatures(function: Function) -> None:
    signature = SIGNATURES[function]
    # TensorFlow has dropped the first one of TF1's, which makes positional arguments an error.
    kept = tuple(name for name in signature.parameters if name != "_sentinel")
    assert kept == tuple(name for name in parameters(THEIRS[function]) if name != "_sentinel")
    ours = parameters(getattr(keras_xent.v1, signature.port))
    if function in (Function.LOSS, Function.WEIGHTED, Function.LOGITS_V2):
        assert ours == signature.parameters
    else:
        assert set(signature.parameters) - {"_sentinel"} <= set(ours)
    assert signature.labels is None or signature.labels in ours


def test_reductions() -> None:
    theirs = _V1.losses.Reduction
    assert {name: getattr(theirs, name) for name in functions.REDUCTIONS} == functions.REDUCTIONS
    for name, string in functions.REDUCTIONS.items():
        assert keras_xent.Reduction(string) is getattr(keras_xent.Reduction, name)
    assert set(functions.REDUCTIONS.values()) == set(theirs.all())


@pytest.mark.parametrize("module", sorted({*functions.LOSSES_MODULES, *functions.NN_MODULES}))
def test_modules_have_the_functions(module: str) -> None:
    """Also that the private ones are TF1's, whatever `tensorflow` is."""
    public = module.replace("tensorflow.", "tensorflow.compat.v1.", 1)
    name = module if ".python." in module else public
    found = importlib.import_module(name)
    known = {
        function: getattr(found, function.value)
        for function in THEIRS
        if functions.tf1_function(f"{module}.{function.value}") is function
        and hasattr(found, function.value)
    }
    assert known
    for function, their in known.items():
        if function is Function.LOGITS_V2:  # TensorFlow's own has no dim
            assert parameters(their)[:4] == parameters(THEIRS[function])[:4]
        else:
            assert inspect.unwrap(their) is inspect.unwrap(THEIRS[function])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tensorflow", "tensorflow"),
        ("tensorflow.losses.x", "tensorflow.losses.x"),
        ("tensorflow.compat.v1", "tensorflow"),
        ("tensorflow.compat.v1.losses.x", "tensorflow.losses.x"),
        ("tensorflow.compat.v1.compat.v1.losses.x", "tensorflow.losses.x"),
        ("tensorflow.compat.v2.compat.v1.losses.x", "tensorflow.losses.x"),
        ("tensorflow._api.v1.losses.x", "tensorflow.losses.x"),
        ("tensorflow_core.losses.x", "tensorflow.losses.x"),
        ("tensorflow.compat.v10.losses.x", "tensorflow.compat.v10.losses.x"),
        ("numpy.losses.x", "numpy.losses.x"),
    ],
)
def test_canonical(name: str, expected: str) -> None:
    assert functions.canonical(name) == expected


@pytest.mark.parametrize(
    ("prefix", "is_tf1", "is_tf2"),
    [
        ("tensorflow", False, False),
        ("tensorflow.compat.v1", True, False),
        ("tensorflow.compat.v2", False, True),
        ("tensorflow.compat.v1.compat.v2", False, True),
        ("tensorflow.compat.v2.compat.v1", True, False),
        ("tensorflow.python.ops", True, False),
    ],
)
def test_versions(prefix: str, is_tf1: bool, is_tf2: bool) -> None:
    name = f"{prefix}.losses.softmax_cross_entropy"
    if "python" in prefix:
        name = "tensorflow.python.ops.losses.losses.softmax_cross_entropy"
    assert functions.is_tf1(name) == is_tf1
    assert functions.is_tf2(name) == is_tf2
    assert functions.tf1_function(name) is (None if is_tf2 else Function.LOSS)


def test_other_names() -> None:
    assert functions.tf1_function("tensorflow.losses.sigmoid_cross_entropy") is None
    assert functions.tf1_function("") is None
    contrib = functions.tf1_function("tensorflow.contrib.slim.losses.softmax_cross_entropy")
    assert contrib is Function.CONTRIB
    ported = functions.ported_function("keras_xent.v1.compute_weighted_loss")
    assert ported is Function.WEIGHTED
    assert functions.ported_function("keras_xent.compute_weighted_loss") is None


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


def test_function_names() -> None:
    assert {function.value for function in Function} - functions.FUNCTION_NAMES == {
        Function.CONTRIB.value
    }
