"""Keras's own tests of its CategoricalCrossentropy, which its wheel ships, run on ours."""

from __future__ import annotations

import types
from unittest import mock

import pytest

from keras_xent import CategoricalCrossentropy
from keras_xent._keras import IS_KERAS_3

if not IS_KERAS_3:
    pytest.skip("Keras 2 ships no tests", allow_module_level=True)
losses_test = pytest.importorskip("keras.src.losses.losses_test")


class TestOurs(losses_test.CategoricalCrossentropyTest):
    """Every test of Keras's, with our class where Keras's was."""

    def setUp(self) -> None:
        super().setUp()
        # The only name that the tests look up in Keras's module of losses.
        losses = types.SimpleNamespace(CategoricalCrossentropy=CategoricalCrossentropy)
        patched = mock.patch.object(losses_test, "losses", losses)
        patched.start()
        self.addCleanup(patched.stop)


def test_it_is_the_whole_suite() -> None:
    names = [name for name in dir(TestOurs) if name.startswith("test_")]
    assert len(names) >= 9
    assert set(names) >= {name for name in vars(TestOurs.__base__) if name.startswith("test_")}
    assert {"test_config", "test_no_reduction", "test_shape_mismatch", "test_dtype_arg"} <= {*names}


def test_keras_s_module_is_restored() -> None:
    assert losses_test.losses.CategoricalCrossentropy is not CategoricalCrossentropy
