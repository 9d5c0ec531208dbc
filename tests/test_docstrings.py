"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest

import keras_xent
import keras_xent_cli

# What an extra brings: a module that needs one is none of an installation without it.
_EXTRAS = {"matplotlib", "rich", "sklearn", "tf_keras"}
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


# Importing one is running the program, and the other holds TensorFlow ops, no Python module.
_NOT_TO_IMPORT = ("__main__", "libkeras_xent")


def module_names() -> list[str]:
    names = []
    for package in (keras_xent, keras_xent_cli):
        found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        names += [package.__name__, *(module.name for module in found)]
    return [name for name in names if name.split(".")[-1] not in _NOT_TO_IMPORT]


def imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        if (error.name or "").split(".")[0] in _EXTRAS:
            pytest.skip(f"{name} needs {error.name}")
        raise


@pytest.mark.parametrize("name", module_names())
def test_the_examples_of_a_module_are_true(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        results = doctest.testmod(imported(name), optionflags=_FLAGS, verbose=False)
    assert results.failed == 0


def test_what_users_call_first_has_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    modules = ["keras_xent.functions", "keras_xent.reduction"]
    packages = ("keras_xent.losses", "keras_xent.ops", "keras_xent.v1")
    modules += [name for name in module_names() if name.startswith(packages)]
    with_examples = [
        test.name
        for name in modules
        for test in finder.find(importlib.import_module(name))
        if test.examples
    ]
    assert len(with_examples) > 5
    expected_names = (
        "functions.softmax_cross_entropy",
        "functions.sparse_softmax_cross_entropy",
        "functions.sigmoid_cross_entropy",
        "v1.softmax.softmax_cross_entropy",
        "losses.categorical.CategoricalCrossentropy",
        "losses.sparse_categorical.SparseCategoricalCrossentropy",
        "losses.binary.BinaryCrossentropy",
    )
    for expected in expected_names:
        assert f"keras_xent.{expected}" in with_examples
