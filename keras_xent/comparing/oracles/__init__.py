"""Calls TensorFlow's own functions for each comparison. Each loss has a file."""

from keras_xent.comparing.oracles import (
    compute_weighted_loss,
    sigmoid_cross_entropy,
    softmax_cross_entropy,
    softmax_cross_entropy_with_logits,
    sparse_softmax_cross_entropy,
)
from keras_xent.comparing.oracles.oracle import ORACLES, Oracle

__all__ = [
    "ORACLES",
    "Oracle",
    "compute_weighted_loss",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "softmax_cross_entropy_with_logits",
    "sparse_softmax_cross_entropy",
]
