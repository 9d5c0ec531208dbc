"""Smoothing that is written into `tf.one_hot`; `rules/test_kx106_smoothing_by_hand.py` runs it."""

from __future__ import annotations

import ast

import pytest

from keras_xent_cli.migrate.keras_target.one_hot import label_smoothing, off_value
from keras_xent_cli.migrate.module import Module


def call_in(source: str) -> tuple:
    """A module, and the call at its end."""
    module = Module(f"import tensorflow as tf\n{source}")
    return module, module.tree.body[-1].value  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("tf.one_hot(y, n, c, (1 - c) / (n - 1))", "(1 - c) * n / (n - 1)"),
        ("tf.one_hot(y, n, 1 - e, e / (n - 1))", "e * n / (n - 1)"),
        ("tf.one_hot(y, a.n, c(), (1. - c()) / (a.n - 1.))", "(1. - c()) * a.n / (a.n - 1)"),
        ("tf.one_hot(y, a + 1, c, (1 - c) / (a + 1 - 1))", "(1 - c) * (a + 1) / ((a + 1) - 1)"),
        ("tf.one_hot(y, 5, 0.8, 0.2 / 4)", "0.2 * 5 / (5 - 1)"),
        ("low = 0.2 / 4\ntf.one_hot(y, 5, 0.8, low)", "0.2 * 5 / (5 - 1)"),
        ("tf.one_hot(y, n, c, (1 - c) / tf.cast(n - 1, t))", "(1 - c) * n / (n - 1)"),
        ("tf.one_hot(y, n, c, (1 - c) / (tf.to_float(n) - 1))", "(1 - c) * n / (n - 1)"),
        ("tf.one_hot(y, n, c, 0.1)", ""),
        ("tf.one_hot(y, n)", ""),
        ("np.one_hot(y, n, c, (1 - c) / (n - 1))", ""),
        ("y", ""),
    ],
)
def test_label_smoothing(source: str, expected: str) -> None:
    assert label_smoothing(*call_in(source)) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("tf.one_hot(y, n, c, d)", "d"),
        ("tf.one_hot(y, n, off_value=0.1)", "0.1"),
        ("tf.one_hot(y, n, c, 0.0)", ""),
        ("tf.one_hot(y, n)", ""),
        ("f(y, n, c, d)", ""),
    ],
)
def test_off_value(source: str, expected: str) -> None:
    found = off_value(*call_in(source))
    assert (ast.unparse(found) if found else "") == expected
