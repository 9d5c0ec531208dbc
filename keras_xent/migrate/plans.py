"""`--to keras`: where the arguments of TF1's functions go in a loss object and its call."""

from __future__ import annotations

import dataclasses
from typing import Dict, Tuple

from keras_xent.migrate.functions import Function


@dataclasses.dataclass(frozen=True)
class Plan:
    """Where a function's arguments go.

    Args:
        reduction: The member of `Reduction` that the function has if none is given.
        moved: Arguments of the constructor, and their names there.
        renamed: Arguments of the loss object's call, and their names there.
        dropped: Arguments that must be absent, or None; they change nothing then.
        stops_labels: Whether TF1 stops the labels' gradient.
    """

    reduction: str
    moved: Dict[str, str]
    renamed: Dict[str, str]
    dropped: Tuple[str, ...]
    stops_labels: bool


_LOSS = Plan(
    reduction="SUM_BY_NONZERO_WEIGHTS",
    moved={"label_smoothing": "label_smoothing", "reduction": "reduction"},
    renamed={"onehot_labels": "y_true", "logits": "y_pred", "weights": "sample_weight"},
    dropped=("scope", "loss_collection"),
    stops_labels=True,
)
_LOGITS_V2 = Plan(
    reduction="NONE",
    moved={"axis": "axis", "dim": "axis"},
    renamed={"labels": "y_true", "logits": "y_pred"},
    dropped=("name",),
    stops_labels=False,
)

# compute_weighted_loss has none: there is no loss object for it.
PLANS: Dict[Function, Plan] = {
    Function.LOSS: _LOSS,
    Function.CONTRIB: _LOSS,
    Function.LOGITS_V2: _LOGITS_V2,
    Function.LOGITS: dataclasses.replace(
        _LOGITS_V2, dropped=("name", "_sentinel"), stops_labels=True
    ),
}

# The order in which the constructor's arguments are written.
CONSTRUCTOR = ("from_logits", "label_smoothing", "axis", "reduction")
