"""TensorFlow 1's cross entropies as native Keras losses: softmax, sparse softmax, sigmoid.

The same number and the same gradient as `tf.compat.v1.losses.softmax_cross_entropy`,
`sparse_softmax_cross_entropy` and `sigmoid_cross_entropy`, their default reduction included,
each from one fused op.
"""

from __future__ import annotations

from typing import List

# Importing them registers the losses with Keras, without which saved models don't load, and
# verification with v1.
from keras_xent import _verification, registration, testing, v1  # noqa: F401
from keras_xent.functions import (
    sigmoid_cross_entropy,
    softmax_cross_entropy,
    sparse_softmax_cross_entropy,
)
from keras_xent.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from keras_xent.ops import Backend, backend, set_backend
from keras_xent.reduction import Reduction
from keras_xent.version import __version__

__all__ = [
    "Backend",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "Reduction",
    "SparseCategoricalCrossentropy",
    "__version__",
    "backend",
    "set_backend",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
    "testing",
    "v1",
]


def __dir__() -> List[str]:
    """The public names: the package's own modules are there too, but nobody needs them."""
    return sorted(__all__)
