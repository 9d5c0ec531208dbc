"""Losses and probabilities to far more digits than the results that are compared with them.

In float64 the difference of two float32 logits is exact, or off by 2^-53 of itself where their
exponents are far apart; `exp` and `log1p` are off by an ulp; and `math.fsum` rounds once,
however many classes there are. No step cancels, as every difference is taken from the logits
themselves. So the loss's relative error stays below 1e-14, where half an ulp of float32 is 3e-8.
"""

from __future__ import annotations

import math

import numpy as np


def loss(logits: np.ndarray, true_class: int) -> float:
    """The loss of one example with a one-hot label: log(1 + sum of exp(x_c - x_true))."""
    wide = logits.astype(np.float64)
    differences = np.delete(wide, true_class) - wide[true_class]
    return math.log1p(math.fsum(np.exp(differences).tolist()))


def ulps(result: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """The errors of float32 results in units in the last place of the exact ones."""
    unit = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
    return np.abs(result.astype(np.float64) - exact) / unit


def relative(result: float, exact: float) -> float:
    """The relative error."""
    return abs(result - exact) / abs(exact)
