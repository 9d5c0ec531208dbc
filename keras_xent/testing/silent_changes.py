"""The silent changes: how a port can change numbers without an error, and how to recognize that.

They have the same numbers as in the migration guide. Calling two functions can't reveal Keras masks
(4) or the terms that `get_total_loss()` adds (8), so these are missing here.
"""

from __future__ import annotations

import dataclasses
from typing import Callable

from keras_xent.testing import per_example, weighting
from keras_xent.testing.evidence import Evidence


@dataclasses.dataclass(frozen=True)
class SilentChange:
    """One silent change.

    Args:
        number: its number in the guide, or None.
        name: its name.
        recognize: if a difference looks like this change, returns what happened and what to do
            about it. Otherwise returns None.
    """

    number: int | None
    name: str
    recognize: Callable[[Evidence], str | None]


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """The explanation of a difference.

    Args:
        change: the silent change that it looks like.
        advice: what happened and what to do about it.
    """

    change: SilentChange
    advice: str


def diagnose(found: Evidence) -> Diagnosis | None:
    """The first silent change that the difference looks like, or None."""
    for change in SILENT_CHANGES:
        advice = change.recognize(found)
        if advice is not None:
            return Diagnosis(change, advice)
    return None


# In the order in which they are tried: the specific ones come before the general ones.
SILENT_CHANGES = (
    SilentChange(14, "dtypes", per_example.dtypes),
    SilentChange(6, "the gradient with respect to the labels", per_example.labels_gradient),
    SilentChange(9, "swapped arguments", per_example.swapped),
    SilentChange(None, "no gradient", per_example.cut_off),
    SilentChange(7, "one softmax too many or too few", per_example.softmaxes),
    SilentChange(13, "label smoothing and rows without a label", per_example.smoothing),
    SilentChange(15, "NaN if the weights sum to zero", weighting.not_a_number),
    SilentChange(5, "weights of another rank", weighting.refused_ranks),
    SilentChange(12, "a mean over the classes", weighting.mean_over_classes),
    SilentChange(3, "weights summed before they are broadcast", weighting.divisor_as_given),
    SilentChange(2, "a weighted mean instead of TF1's default", weighting.weighted_mean),
    SilentChange(1, "weights of zero", weighting.zero_weights),
    SilentChange(5, "weights along the wrong axis", weighting.wrong_axis),
    SilentChange(11, "a scalar loss times the weights", weighting.scalar_times_weights),
    SilentChange(12, "a sum or a mean, a vector or a scalar", weighting.sum_or_mean),
    SilentChange(10, "a factor such as the number of replicas", weighting.replicas),
)
