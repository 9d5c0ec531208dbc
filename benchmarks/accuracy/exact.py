"""Losses and probabilities with far more digits than the results that are compared with them.

In float64, the difference of two float32 logits is exact, or has a relative error of 2^-53 if their
exponents are far apart. `exp` and `log1p` are off by an ulp. `math.fsum` rounds once for any number
of classes. No step cancels, because only numbers of one sign are added. So the loss's relative
error stays below 1e-14. (Half an ulp of float32 is 3e-8.)
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np


class Sums(NamedTuple):
    """The part of an example's loss that doesn't depend on its label.

    Attributes:
        largest: the largest logit m.
        log_sum_exp: log(sum of exp(x_c - m)), computed as log1p of the sum over the other classes.
        distance: the sum of m - x_c.
    """

    largest: float
    log_sum_exp: float
    distance: float


def sums(logits: np.ndarray) -> Sums:
    """The sums over the classes of one example."""
    largest_class = int(logits.argmax())
    wide = logits.astype(np.float64)
    largest = float(wide[largest_class])
    below = np.delete(wide, largest_class) - largest
    rest = math.fsum(np.exp(below).tolist())
    return Sums(largest, math.log1p(rest), math.fsum((-below).tolist()))


def loss(
    logits: np.ndarray,
    true_class: int,
    label_smoothing: float = 0.0,
    of_example: Sums | None = None,
) -> float:
    """The loss of one example with a one-hot label.

    A class's loss is log_sum_exp + m - x_c. Label smoothing mixes the true class's loss with the
    mean of all.
    """
    found = of_example or sums(logits)
    true_loss = found.log_sum_exp + (found.largest - float(logits[true_class]))
    mean_loss = found.log_sum_exp + found.distance / logits.size
    return (1 - label_smoothing) * true_loss + label_smoothing * mean_loss


def sigmoid_losses(
    logits: np.ndarray, labels: np.ndarray, label_smoothing: float = 0.0
) -> np.ndarray:
    """The losses of single logits, each with a label between 0 and 1.

    With smoothed labels y, a loss is y * log(1 + exp(-x)) + (1 - y) * log(1 + exp(x)).
    """
    wide = logits.astype(np.float64)
    y = labels * (1 - label_smoothing) + label_smoothing / 2
    log1p = np.log1p(np.exp(-np.abs(wide)))
    return y * (np.maximum(-wide, 0) + log1p) + (1 - y) * (np.maximum(wide, 0) + log1p)


def sigmoid_gradients(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Their derivatives with labels of 0 or 1: sigmoid(x), or minus sigmoid(-x)."""
    wide = logits.astype(np.float64)
    return np.where(labels == 0, 1 / (1 + np.exp(-wide)), -1 / (1 + np.exp(wide)))


def ulps(result: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """The errors of float32 results, in ulps of the exact ones."""
    unit = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
    return np.abs(result.astype(np.float64) - exact) / unit


def relative(result: Any, exact: Any) -> Any:
    """The relative error of a result, or of each in an array, if `exact` is in float64."""
    return abs(result - exact) / abs(exact)
