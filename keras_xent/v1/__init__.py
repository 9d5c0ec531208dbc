"""TF1's loss functions, with TF1's signatures, computed by the fused ops.

To start a port, change the import. Function names, defaults, dtypes, errors, op names and loss
collections match `tf.compat.v1`, except for the differences that each function lists.
"""

from __future__ import annotations

from keras_xent.v1.sigmoid import sigmoid_cross_entropy, sigmoid_cross_entropy_with_logits
from keras_xent.v1.softmax import (
    softmax_cross_entropy,
    softmax_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
)
from keras_xent.v1.sparse_softmax import (
    sparse_softmax_cross_entropy,
    sparse_softmax_cross_entropy_with_logits,
)
from keras_xent.v1.weighted import compute_weighted_loss

__all__ = [
    "compute_weighted_loss",
    "sigmoid_cross_entropy",
    "sigmoid_cross_entropy_with_logits",
    "softmax_cross_entropy",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_v2",
    "sparse_softmax_cross_entropy",
    "sparse_softmax_cross_entropy_with_logits",
]


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
