"""What names may mean that can't be followed; KX110's and KX111's tests have the programs."""

from __future__ import annotations

import ast

import pytest

from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.tensorflow.tf1_modules import LOSSES_MODULES
from keras_xent_cli.migrate.unfollowed import handed_on, is_own, starred

LOSSES = "tensorflow.compat.v1.losses"
TF1 = "import tensorflow.compat.v1 as tf\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("self.x = tf.losses", {LOSSES}),
        ("f(tf.losses)", {LOSSES}),
        ("x = [tf.losses]", {LOSSES}),
        ("l = tf.losses; f(l)", {LOSSES}),
        ("def f(x=tf.losses): pass", {LOSSES}),
        ("class A: x = tf.losses", {LOSSES}),
        ("class A: from tensorflow.compat.v1 import losses", {LOSSES}),
        ("x = tf.losses", set()),
        ("tf.losses.huber_loss(y, x)", set()),
        ("getattr(tf.losses, name)", set()),
        ("f(tf.nn)", set()),
        ("tf.losses = x", set()),
    ],
)
def test_handed_on(source: str, expected: set[str]) -> None:
    assert handed_on(Module(TF1 + source), LOSSES_MODULES) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from a import *\nx", {"a.x"}),
        ("from a import *\nfrom b import *\nx", {"a.x", "b.x"}),
        ("from a import *\nx.y", {"a.x.y"}),
        ("from a import *\nx = 1\nx", set()),
        ("from a import *\nf().y", set()),
        ("x", set()),
    ],
)
def test_starred(source: str, expected: set[str]) -> None:
    module = Module(source)
    node = module.tree.body[-1].value  # type: ignore[attr-defined]
    assert starred(module, node) == expected


def test_is_own() -> None:
    for source, expected in (("self.x", True), ("cls.x", True), ("a.x", False), ("f().x", False)):
        node = ast.parse(source, mode="eval").body
        assert isinstance(node, ast.Attribute)
        assert is_own(node) is expected
