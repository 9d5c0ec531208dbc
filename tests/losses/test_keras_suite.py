"""Keras's own tests of its cross entropies, which its wheel ships, run on ours."""

from __future__ import annotations

import types
from typing import Any
from unittest import mock

import numpy as np
import pytest
import tensorflow as tf

import keras_xent
from keras_xent._keras import IS_KERAS_3

if not IS_KERAS_3:
    pytest.skip("Keras 2 ships no tests", allow_module_level=True)
losses_test = pytest.importorskip("keras.src.losses.losses_test")
NAMES = ["CategoricalCrossentropy", "SparseCategoricalCrossentropy", "BinaryCrossentropy"]


class _Ours:
    """Keras's tests with our classes where Keras's were."""

    def setUp(self) -> None:
        super().setUp()
        # The only names that the tests look up in Keras's module of losses.
        ours = {name: getattr(keras_xent, name) for name in NAMES}
        patched = mock.patch.object(losses_test, "losses", types.SimpleNamespace(**ours))
        patched.start()
        self.addCleanup(patched.stop)


class TestCategorical(_Ours, losses_test.CategoricalCrossentropyTest):
    """Every test of Keras's."""


class TestSparseCategorical(_Ours, losses_test.SparseCategoricalCrossentropyTest):
    """Every test of Keras's, but for two: it refuses an axis that isn't the last one."""

    def test_binary_segmentation_different_axis(self) -> None:
        classes = np.array([[0, 1, 1, 0], [1, 0, 1, 0], [0, 0, 1, 1], [1, 1, 0, 1]])
        self._check_axes(classes, 2)

    def test_multi_class_segmentation_different_axis(self) -> None:
        classes = np.array([[0, 1, 2, 0], [1, 0, 1, 0], [0, 0, 1, 1], [1, 1, 0, 1]])
        self._check_axes(classes, 3)

    def _check_axes(self, classes: np.ndarray, count: int) -> None:
        """What Keras's tests expect of the backend that takes any axis, PyTorch's."""
        probabilities = 0.7 * np.eye(count)[classes] + 0.3 / count
        expected = -np.log(0.7 + 0.3 / count)
        for axis in (0, 1, 2, -2):
            loss = keras_xent.SparseCategoricalCrossentropy(axis=axis)
            value = loss(classes, np.moveaxis(probabilities, -1, axis))
            assert float(value) == pytest.approx(expected, rel=1e-6)


class TestBinary(_Ours, losses_test.BinaryCrossentropyTest):
    """Every test of Keras's."""


SUITES = {TestCategorical: 9, TestSparseCategorical: 12, TestBinary: 9}


@pytest.mark.parametrize("suite", SUITES)
def test_it_is_the_whole_suite(suite: Any) -> None:
    names = {name for name in dir(suite) if name.startswith("test_")}
    theirs = {name for name in vars(suite.__bases__[1]) if name.startswith("test_")}
    assert len(names) >= SUITES[suite]
    assert names >= theirs
    assert {"test_config", "test_no_reduction", "test_dtype_arg"} <= names
    own = {name for name in vars(suite) if name.startswith("test_")}
    assert own <= {
        "test_binary_segmentation_different_axis",
        "test_multi_class_segmentation_different_axis",
    }


@pytest.mark.parametrize("name", NAMES)
def test_keras_s_module_is_restored(name: str) -> None:
    assert getattr(losses_test.losses, name) is not getattr(keras_xent, name)
    assert getattr(losses_test.losses, name) is getattr(tf.keras.losses, name)
