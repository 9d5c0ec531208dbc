"""The pitfalls: the ways in which ports silently change numbers, and how to recognize them.

Their numbers are those of the migration guide. Calls of two functions can't show Keras masks (4)
or the terms that `get_total_loss()` adds (8), so these are missing here.
"""

from __future__ import annotations

import dataclasses
from typing import Callable

from keras_xent.testing import per_example, weighting
from keras_xent.testing.evidence import Evidence


@dataclasses.dataclass(frozen=True)
class Pitfall:
    """One pitfall.

    Args:
        number: its number in the guide, or None.
        name: its name.
        recognize: returns what happened and what to change, if a difference looks like it.
    """

    number: int | None
    name: str
    recognize: Callable[[Evidence], str | None]


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """The explanation of a difference.

    Args:
        pitfall: the pitfall that it looks like.
        advice: what happened and what to change.
    """

    pitfall: Pitfall
    advice: str


def diagnose(found: Evidence) -> Diagnosis | None:
    """The first pitfall that the difference looks like."""
    for pitfall in PITFALLS:
        advice = pitfall.recognize(found)
        if advice is not None:
            return Diagnosis(pitfall, advice)
    return None


# They are tried in this order: the specific ones before the general ones.
PITFALLS = (
    Pitfall(14, "dtypes", per_example.dtypes),
    Pitfall(6, "the gradient to the labels", per_example.labels_gradient),
    Pitfall(9, "swapped arguments", per_example.swapped),
    Pitfall(None, "no gradient", per_example.cut_off),
    Pitfall(7, "one softmax too many or too few", per_example.softmaxes),
    Pitfall(13, "label smoothing and rows without a label", per_example.smoothing),
    Pitfall(15, "NaN if the weights sum to zero", weighting.not_a_number),
    Pitfall(5, "weights of another rank", weighting.refused_ranks),
    Pitfall(12, "a mean over the classes", weighting.mean_over_classes),
    Pitfall(3, "a denominator that is not broadcast", weighting.divisor_as_given),
    Pitfall(2, "a weighted mean instead of TF1's default", weighting.weighted_mean),
    Pitfall(1, "weights of zero", weighting.zero_weights),
    Pitfall(5, "weights along the wrong axis", weighting.wrong_axis),
    Pitfall(11, "a scalar loss times the weights", weighting.scalar_times_weights),
    Pitfall(12, "a sum or a mean, a vector or a scalar", weighting.sum_or_mean),
    Pitfall(10, "a factor such as the number of replicas", weighting.replicas),
)
