"""One call of every function that has an oracle, and inputs for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
import tf1

from keras_xent import Reduction
from keras_xent.comparing.oracles import ORACLES, Oracle

ARGUMENTS: dict[str, dict[str, Any]] = {
    "compute_weighted_loss": {"reduction": Reduction.SUM},
    "sigmoid_cross_entropy": {"label_smoothing": 0.1, "reduction": Reduction.MEAN},
    "sigmoid_cross_entropy_with_logits": {},
    "softmax_cross_entropy": {"label_smoothing": 0.1, "reduction": Reduction.MEAN},
    "softmax_cross_entropy_with_logits": {"axis": -1},
    "softmax_cross_entropy_with_logits_v2": {"axis": -1},
    "sparse_softmax_cross_entropy": {"reduction": Reduction.SUM_BY_NONZERO_WEIGHTS},
    "sparse_softmax_cross_entropy_with_logits": {},
}


def oracle(name: str) -> Oracle:
    return ORACLES[name](**ARGUMENTS[name])


def inputs(name: str) -> list[tf.Tensor]:
    """Tensors in the oracle's order: float32, four examples, three classes."""
    weights = tf.constant([1.0, 0.0, 2.0, 0.5])
    if name.startswith("sparse"):
        labels: Any = np.array([2, 0, 1, 1], np.int32)
    elif name.startswith("sigmoid"):
        labels = np.random.RandomState(4).uniform(size=[4, 3]).astype(np.float32)
        weights = weights[:, tf.newaxis]
    else:
        labels = tf1.soft_labels_of([4, 3])
    known = {
        "labels": labels,
        "onehot_labels": labels,
        "multi_class_labels": labels,
        "logits": tf1.logits_of([4, 3]),
        "losses": tf1.logits_of([4]),
        "weights": weights,
    }
    return [tf.constant(known[each]) for each in ORACLES[name].inputs]
