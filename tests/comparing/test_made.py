"""Made inputs are what their names say."""

from __future__ import annotations

import numpy as np
import pytest

from keras_xent.comparing import made


@pytest.mark.parametrize("shape", [(3, 2), (4, 5), (2, 3, 7)])
def test_labels_fit_the_logits(shape: tuple) -> None:
    assert made.logits(*shape).shape == shape
    ids = made.ids(*shape)
    assert (ids.shape, ids.dtype) == (shape[:-1], np.int32)
    assert np.all((ids >= 0) & (ids < shape[-1]))
    np.testing.assert_array_equal(made.one_hot(*shape).argmax(-1), ids)
    np.testing.assert_allclose(made.soft(*shape).sum(-1), 1)
    assert set(made.binary(*shape).reshape(-1)) == {0.0, 1.0}
    soft = made.soft_binary(*shape)
    assert np.all((soft > 0) & (soft < 1))


def test_weights_tell_denominators_apart() -> None:
    assert np.all(made.weights(6) > 2)
    np.testing.assert_array_equal(made.some_zero(5) == 0, [False, True, False, False, True])


def test_they_are_the_same_each_time() -> None:
    for make in (made.logits, made.ids, made.soft, made.binary, made.weights):
        np.testing.assert_array_equal(make(4, 3), make(4, 3))
