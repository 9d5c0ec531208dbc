"""The ops' public names."""

from __future__ import annotations

import keras_xent
from keras_xent import ops


def test_public_names() -> None:
    assert ops.__all__ == [
        "Backend",
        "LibraryError",
        "backend",
        "set_backend",
        "sigmoid_cross_entropy",
        "softmax_cross_entropy",
        "sparse_softmax_cross_entropy",
    ]
    assert all(hasattr(ops, name) for name in ops.__all__)


def test_the_package_offers_the_same_backend_functions() -> None:
    for name in ("Backend", "backend", "set_backend"):
        assert getattr(keras_xent, name) is getattr(ops, name)
