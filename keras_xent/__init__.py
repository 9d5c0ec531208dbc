"""TensorFlow 1's cross-entropy losses for Keras: softmax, sparse softmax and sigmoid.

With TF1's reduction, they return the same value and the same gradient with respect to the logits as
`tf.compat.v1.losses.softmax_cross_entropy`, `sparse_softmax_cross_entropy` and
`sigmoid_cross_entropy`. They support all of TF1's reductions. On Linux CPUs, each loss of logits is
one fused op.
"""

from __future__ import annotations

# Some imports have side effects: they check TensorFlow, register the losses with Keras (so saved
# models can be loaded), and connect the verification to v1.
from keras_xent import _requirements, _verification, metrics, registration, testing, v1  # noqa: F401
from keras_xent.accumulation import micro_batches
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
    "metrics",
    "micro_batches",
    "set_backend",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
    "testing",
    "v1",
]


def __dir__() -> list[str]:
    """The public names, without the package's internal modules."""
    return sorted(__all__)
