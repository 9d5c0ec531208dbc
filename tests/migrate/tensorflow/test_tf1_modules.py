"""The ways to reach TF1's modules."""

from __future__ import annotations

import pytest

from keras_xent_cli.migrate.tensorflow import tf1_modules


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
    assert tf1_modules.canonical(name) == expected


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
    assert tf1_modules.is_tf1(name) == is_tf1
    assert tf1_modules.is_tf2(name) == is_tf2
