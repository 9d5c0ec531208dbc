"""Calls of every function of keras_xent.v1, right and broken, for what verification sees."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import pytest
import tensorflow as tf
import tf1

from keras_xent import ops, v1
from keras_xent.ops import weighting
from keras_xent.testing import VerificationError

LOGITS, LABELS = tf1.logits_of([4, 3]), tf1.soft_labels_of([4, 3])
WEIGHTS = np.array([1, 0, 2, 0.5], np.float32)
OPS = ["softmax_cross_entropy", "sparse_softmax_cross_entropy", "sigmoid_cross_entropy"]
FAILURES = (VerificationError, tf.errors.InvalidArgumentError)


def loss(logits: Any, labels: Any, weights: Any) -> Any:
    return v1.softmax_cross_entropy(labels, logits, weights, 0.1)


def losses(logits: Any, labels: Any, _: Any) -> Any:
    return v1.softmax_cross_entropy_with_logits_v2(labels, logits)


def weighted(logits: Any, _: Any, weights: Any) -> Any:
    return v1.compute_weighted_loss(logits[:, 0], weights, reduction="weighted_mean")


def older_losses(logits: Any, labels: Any, _: Any) -> Any:
    return v1.softmax_cross_entropy_with_logits(labels=labels, logits=logits)


def sparse(logits: Any, labels: Any, weights: Any) -> Any:
    return v1.sparse_softmax_cross_entropy(tf.argmax(labels, -1), logits, weights)


def sparse_losses(logits: Any, labels: Any, _: Any) -> Any:
    ids = tf.argmax(labels, -1)
    return v1.sparse_softmax_cross_entropy_with_logits(labels=ids, logits=logits)


def sigmoid(logits: Any, labels: Any, weights: Any) -> Any:
    return v1.sigmoid_cross_entropy(labels, logits, weights[:, tf.newaxis], 0.1)


def sigmoid_losses(logits: Any, labels: Any, _: Any) -> Any:
    return v1.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "softmax_cross_entropy": loss,
    "softmax_cross_entropy_with_logits": older_losses,
    "sparse_softmax_cross_entropy": sparse,
    "sparse_softmax_cross_entropy_with_logits": sparse_losses,
    "sigmoid_cross_entropy": sigmoid,
    "sigmoid_cross_entropy_with_logits": sigmoid_losses,
    "softmax_cross_entropy_with_logits_v2": losses,
    "compute_weighted_loss": weighted,
}


def with_gradients(function: Callable[..., Any]) -> Callable[..., Any]:
    def run(*inputs: Any) -> list[Any]:
        if tf.executing_eagerly() or isinstance(tf.compat.v1.get_default_graph(), _FUNC_GRAPH):
            return tf1.by_tape(function, *inputs)
        return tf1.by_tf_gradients(function, *inputs)

    return run


@tf.function
def _traced() -> Any:
    return tf.constant(0)


_FUNC_GRAPH = type(_traced.get_concrete_function().graph)


@tf.custom_gradient
def twice_the_gradient(tensor: Any) -> Any:
    return tf.identity(tensor), lambda gradient: 2 * gradient


def break_ours(monkeypatch: pytest.MonkeyPatch, broken: Callable[[Any], Any]) -> None:
    def breaks(right: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **keywords: broken(right(*args, **keywords))

    for name in OPS:
        monkeypatch.setattr(ops, name, breaks(getattr(ops, name)))
    # What v1.compute_weighted_loss calls. The ops that call it too are twice as wrong.
    monkeypatch.setattr(weighting, "reduce_losses", breaks(weighting.reduce_losses))
