"""The measures by which the trainings are compared, in NumPy: the same for all of them."""

from __future__ import annotations

import numpy as np

from keras_xent.comparing import arrays
from keras_xent_cli.demo.data import Digits
from keras_xent_cli.demo.network import Parameters, logits


def weighted_loss(parameters: Parameters, digits: Digits) -> float:
    """TF1's loss over the whole training set, SUM_BY_NONZERO_WEIGHTS, in float64.

    Each training reports the loss that it minimises, and those are not the same quantity. This
    one is written here a third time, so that none of the three trainings is its own judge.
    """
    z = logits(parameters, digits.images)
    z = z - z.max(axis=1, keepdims=True)
    losses = np.log(np.exp(z).sum(axis=1)) - (digits.labels * z).sum(axis=1)
    return float((losses * digits.weights).sum() / np.count_nonzero(digits.weights))


def held_out_accuracy(parameters: Parameters, digits: Digits) -> float:
    """The share of held-out images whose class the network gets right."""
    answers = logits(parameters, digits.held_out_images).argmax(axis=1)
    return float(np.mean(answers == digits.held_out_classes))


def largest_difference(one: Parameters, other: Parameters) -> float:
    """The largest absolute difference of any two corresponding parameters; NaN if any is NaN."""
    # Not Python's max(), which loses a NaN.
    return float(np.max([arrays.largest_difference(a, b) for a, b in zip(one, other)]))
