"""What TF1's nn functions refuse; KX009's and KX011's tests have the rest."""

from __future__ import annotations

import pytest

from keras_xent.migrate.module import Module
from keras_xent.migrate.positional import problem

CALL = "import tensorflow.compat.v1 as tf\ntf.nn.sigmoid_cross_entropy_with_logits"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("(labels=y, logits=x)", ""),
        ("(labels=y, logits=x, _sentinel=None, name='x')", ""),
        ("(**arguments)", ""),
        ("(y, x)", "positional arguments"),
        ("(*arguments)", "positional arguments"),
        ("(y, logits=x)", "positional arguments"),
        ("(targets=y, logits=x)", "'targets' is none of its arguments"),
    ],
)
def test_problem(arguments: str, expected: str) -> None:
    (call,) = Module(CALL + arguments).calls
    found = problem(call)
    assert found.startswith(expected) and bool(found) == bool(expected)
