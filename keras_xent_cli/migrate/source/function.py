"""What the codemod knows of a function of TF1, and of the loss object that it can become."""

from __future__ import annotations

import dataclasses
from typing import Dict, Optional, Tuple


@dataclasses.dataclass(frozen=True)
class Loss:
    """A cross entropy, whichever function computes it.

    Args:
        object_name: The class of its loss object.
        constructor: The arguments of that class that the codemod writes, in their order.
        activations: The functions whose output is no logits for it, for it applies one itself.
        smoothing: What `label_smoothing=eps` makes of the labels.
        swapped: What comes of it if labels and logits have each other's place.
        averages_classes: Whether the loss object takes the mean over the last axis before it
            weighs and reduces, where TF1 weighs every element.
        squeezes_weights: Whether TF1 drops a last dimension of 1 from the weights.
        of_ids: The same loss of class ids, if this one takes one-hot labels.
    """

    object_name: str
    constructor: Tuple[str, ...]
    activations: Tuple[str, ...]
    smoothing: str
    swapped: str
    averages_classes: bool = False
    squeezes_weights: bool = False
    of_ids: Optional[Loss] = None


@dataclasses.dataclass(frozen=True)
class LossObject:
    """Where a function's arguments go in a loss object and its call.

    Args:
        reduction: The member of `Reduction` that the function has if none is given.
        moved: Arguments of the constructor, and their names there.
        renamed: Arguments of the loss object's call, and their names there.
        dropped: Arguments that must be absent, or None; they change nothing then.
        stops_labels: Whether TF1 stops a gradient into the labels that the object doesn't.
    """

    reduction: str
    moved: Dict[str, str]
    renamed: Dict[str, str]
    dropped: Tuple[str, ...]
    stops_labels: bool = False


@dataclasses.dataclass(frozen=True, eq=False)
class Function:
    """A function of TF1, which `keras_xent.v1` has under the same name.

    Args:
        name: Its name.
        modules: Where TF1 has it, by canonical names.
        parameters: All of them, in the order of positional arguments.
        reduces: Whether it weighs, reduces and joins the loss collection.
        loss: What it computes; None if that is given to it.
        labels: Which parameter is the labels; None if it takes none.
        loss_object: How it becomes a loss object; None if there is none for it.
        has_other_order: Whether the function of that name in `keras_xent.v1` has the parameters in
            another order.
    """

    name: str
    modules: Tuple[str, ...]
    parameters: Tuple[str, ...]
    reduces: bool
    loss: Optional[Loss] = None
    labels: Optional[str] = None
    loss_object: Optional[LossObject] = None
    has_other_order: bool = False
