"""The arguments of `CategoricalCrossentropy` are those of Keras's metric, then ours."""

from __future__ import annotations

import inspect

import tensorflow as tf

from keras_xent.metrics import CategoricalCrossentropy
from keras_xent.reduction import Reduction


def test_arguments_and_defaults() -> None:
    ours = inspect.signature(CategoricalCrossentropy).parameters
    theirs = inspect.signature(tf.keras.metrics.CategoricalCrossentropy).parameters
    assert list(ours)[: len(theirs)] == list(theirs)
    for name, each in theirs.items():
        assert ours[name].default == each.default, name
    assert ours["reduction"].default is Reduction.MEAN
