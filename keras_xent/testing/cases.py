"""The made inputs: which losses they tell apart, and how they are made."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, Optional, Tuple

import numpy as np


@dataclasses.dataclass(frozen=True)
class Inputs:
    """What a loss is computed from.

    Args:
        labels: of the logits' shape.
        logits: of shape [..., num_classes].
        weights: of any shape, or None.
    """

    labels: np.ndarray
    logits: np.ndarray
    weights: Optional[np.ndarray] = None


@dataclasses.dataclass(frozen=True)
class Sizes:
    """How large they are.

    Args:
        num_classes: the size of the last axis.
        batch_size: the size of the first.
    """

    num_classes: int
    batch_size: int


@dataclasses.dataclass(frozen=True)
class Case:
    """One comparison.

    Args:
        name: for the message.
        pitfalls: the numbers of those that it tells.
        make: makes the inputs.
        kinds: what `skip` calls it, the most telling name first; none can't be left out.
        every_dtype: whether it is compared in every dtype, not in one only.
        labels_of_logits: whether the labels are made from the logits instead, as a network's
            own predictions are.
        softmax_output: whether the logits go through a Keras softmax first.
    """

    name: str
    pitfalls: Tuple[int, ...]
    make: Callable[[Sizes], Inputs]
    kinds: Tuple[str, ...] = ()
    every_dtype: bool = False
    labels_of_logits: bool = False
    softmax_output: bool = False


# What `skip` may name, and what it is. The docstring of assert_same_loss says the same.
KINDS = {
    "integer labels": "one-hot labels of dtype int32",
    "soft labels": "labels that are probabilities",
    "rows without a label": "labels that are all 0, as tf.one_hot(-1) makes them",
    "large logits": "logits up to 60 or so",
    "rank 3": "logits [B, T, C], with and without weights",
    "boolean weights": "weights of dtype bool",
    "integer weights": "weights of dtype int32",
    "negative weights": "a weight below 0",
    "scalar weights": "one number for all losses",
    "all-zero weights": "no weight but 0",
    "broadcast weights": "weights [B, 1] and [1, T] for losses [B, T]",
    "weights of another rank": "weights [B] for losses [B, T], and [B, 1] for losses [B]",
}


def _logits(*shape: int) -> np.ndarray:
    return 2 * np.random.RandomState(0).normal(size=shape)


def _one_hot(*shape: int) -> np.ndarray:
    ids = np.random.RandomState(1).randint(shape[-1], size=shape[:-1])
    return np.eye(shape[-1])[ids]


def _soft(*shape: int) -> np.ndarray:
    return np.random.RandomState(2).dirichlet(np.ones(shape[-1]), size=shape[:-1])


def _weights(*shape: int) -> np.ndarray:
    """Unequal; their sum is far from their number, some being zero or none."""
    return np.random.RandomState(3).uniform(2.2, 2.9, size=shape).astype(np.float32)


def _some_zero(*shape: int) -> np.ndarray:
    weights = _weights(*shape)
    # The second, and every third from there.
    weights.reshape(-1)[1::3] = 0
    return weights


Weights = Callable[[int], Any]


def _rows(weights: Optional[Weights] = None, labels: Any = _one_hot) -> Callable[[Sizes], Inputs]:
    """Inputs of rank 2: losses of shape [B]."""

    def make(sizes: Sizes) -> Inputs:
        shape = (sizes.batch_size, sizes.num_classes)
        made = None if weights is None else np.asarray(weights(sizes.batch_size))
        return Inputs(labels(*shape), _logits(*shape), made)

    return make


def _sequences(
    weights: Optional[Callable[[int, int], np.ndarray]] = None, square: bool = False
) -> Callable[[Sizes], Inputs]:
    """Inputs of rank 3: losses of shape [B, T], with T == B if `square`."""

    def make(sizes: Sizes) -> Inputs:
        batch = sizes.batch_size
        steps = batch if square else batch + 1
        shape = (batch, steps, sizes.num_classes)
        made = None if weights is None else weights(batch, steps)
        return Inputs(_one_hot(*shape), _logits(*shape), made)

    return make


def _integers(*shape: int) -> np.ndarray:
    return _one_hot(*shape).astype(np.int32)


def _some_without(*shape: int) -> np.ndarray:
    """One-hot labels; the first row and every third from there have none: one_hot(-1)."""
    labels = _one_hot(*shape)
    labels[::3] = 0
    return labels


def _large(sizes: Sizes) -> Inputs:
    inputs = _rows()(sizes)
    return dataclasses.replace(inputs, logits=20 * inputs.logits)


def _some_negative(batch: int) -> np.ndarray:
    weights = _weights(batch)
    weights[0] *= -0.5
    return weights


UNWEIGHTED = (
    Case("one-hot labels", (7, 9, 10, 12, 13, 14), _rows(), every_dtype=True),
    Case("integer labels, one-hot", (9, 14), _rows(labels=_integers), ("integer labels",)),
    Case("soft labels", (7, 9, 13), _rows(labels=_soft), ("soft labels",), every_dtype=True),
    Case(
        "rows without a label, one_hot(-1)",
        (13,),
        _rows(labels=_some_without),
        ("rows without a label",),
    ),
    Case("large logits", (7,), _large, ("large logits",)),
    Case("rank 3, B != T", (12, 13), _sequences(), ("rank 3",)),
    Case("rank 3, B == T", (12, 13), _sequences(square=True), ("rank 3",)),
    Case("labels that depend on the logits", (6,), _rows(labels=_soft), labels_of_logits=True),
    Case("the output of a softmax as logits", (7,), _rows(), softmax_output=True),
)

_BROADCAST = ("broadcast weights", "rank 3")
_OTHER_RANK = ("weights of another rank", "rank 3")

WEIGHTED = (
    Case("weights, some zero", (1, 2, 11, 12), _rows(_some_zero), every_dtype=True),
    Case("boolean weights", (1, 2), _rows(lambda b: _some_zero(b) > 0), ("boolean weights",)),
    Case(
        "integer weights",
        (1, 2),
        _rows(lambda batch: np.arange(batch, dtype=np.int32)),
        ("integer weights",),
    ),
    Case("weights, none zero", (2, 11), _rows(_weights)),
    Case("weights, one negative", (1,), _rows(_some_negative), ("negative weights",)),
    Case("a scalar weight", (3, 11), _rows(lambda batch: np.float32(0.4)), ("scalar weights",)),
    Case(
        "a scalar weight of zero",
        (15,),
        _rows(lambda batch: np.float32(0)),
        ("scalar weights", "all-zero weights"),
    ),
    Case(
        "weights, all zero",
        (15,),
        _rows(lambda batch: np.zeros([batch], np.float32)),
        ("all-zero weights",),
    ),
    Case(
        "weights [B, 1], losses [B]",
        (5,),
        _rows(lambda batch: _some_zero(batch, 1)),
        ("weights of another rank",),
    ),
    Case("weights [B, T], B != T", (1, 2), _sequences(_some_zero), ("rank 3",)),
    Case("weights [B, T], B == T", (1, 2, 5), _sequences(_some_zero, True), ("rank 3",)),
    Case(
        "weights [B, 1], losses [B, T]",
        (1, 3),
        _sequences(lambda b, t: _some_zero(b, 1)),
        _BROADCAST,
    ),
    Case(
        "weights [1, T], losses [B, T]",
        (1, 3),
        _sequences(lambda b, t: _some_zero(1, t)),
        _BROADCAST,
    ),
    Case(
        "weights [B], losses [B, T], B == T",
        (5,),
        _sequences(lambda b, t: _some_zero(b), True),
        _OTHER_RANK,
    ),
    Case(
        "weights [B], losses [B, T], B != T",
        (5,),
        _sequences(lambda b, t: _some_zero(b)),
        _OTHER_RANK,
    ),
)
