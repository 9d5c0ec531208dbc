"""The ways in which ports change numbers in silence: which one a difference looks like.

They keep the numbers by which the migration guide calls them. Not here are those that calls
of two functions can't tell: Keras masks (4), what `get_total_loss()` adds (8).
"""

from __future__ import annotations

import dataclasses
from typing import Callable, Optional

from keras_xent.testing import per_example, weighting
from keras_xent.testing.evidence import Evidence


@dataclasses.dataclass(frozen=True)
class Pitfall:
    """One of them.

    Args:
        number: its number; None if the guide has none.
        name: what it is.
        recognise: what happened and what to change, if a difference looks like it.
    """

    number: Optional[int]
    name: str
    recognise: Callable[[Evidence], Optional[str]]


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """A difference explained.

    Args:
        pitfall: which one it looks like.
        advice: what happened and what to change.
    """

    pitfall: Pitfall
    advice: str


def diagnose(found: Evidence) -> Optional[Diagnosis]:
    """The first pitfall that the difference looks like."""
    for pitfall in PITFALLS:
        advice = pitfall.recognise(found)
        if advice is not None:
            return Diagnosis(pitfall, advice)
    return None


# The order in which they are tried: the more special before the more general.
PITFALLS = (
    Pitfall(14, "dtypes", per_example.dtypes),
    Pitfall(6, "the gradient into labels", per_example.labels_gradient),
    Pitfall(9, "swapped arguments", per_example.swapped),
    Pitfall(None, "no gradient", per_example.cut_off),
    Pitfall(7, "one softmax too many or too few", per_example.softmaxes),
    Pitfall(13, "label smoothing and rows without a label", per_example.smoothing),
    Pitfall(15, "NaN where weights sum to zero", weighting.not_a_number),
    Pitfall(5, "weights of another rank", weighting.refused_ranks),
    Pitfall(12, "a mean over the classes", weighting.mean_over_classes),
    Pitfall(3, "a denominator that is not broadcast", weighting.divisor_as_given),
    Pitfall(2, "a weighted mean is not TF1's default", weighting.weighted_mean),
    Pitfall(1, "weights of zero", weighting.zero_weights),
    Pitfall(5, "weights along the wrong axis", weighting.wrong_axis),
    Pitfall(11, "a scalar loss times the weights", weighting.scalar_times_weights),
    Pitfall(12, "a sum or a mean, a vector or a scalar", weighting.sum_or_mean),
    Pitfall(10, "a factor such as the number of replicas", weighting.replicas),
)
