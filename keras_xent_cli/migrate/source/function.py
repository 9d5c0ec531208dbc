"""A function of TF1, and the loss object that it can become."""

from __future__ import annotations

import dataclasses
from typing import Dict, Optional, Tuple


@dataclasses.dataclass(frozen=True)
class Loss:
    """A cross entropy, which several functions may compute.

    Args:
        object_name: The class of its loss object.
        constructor: The arguments of that class that the codemod writes, in their order.
        activations: The functions whose output isn't logits, because the loss applies one itself.
        smoothing: The labels that `label_smoothing=eps` computes.
        swapped: What happens if labels and logits are swapped.
        averages_classes: Whether the loss object takes the mean over the last axis before it
            weights and reduces. TF1 weights every element.
        squeezes_weights: Whether TF1 removes a last dimension of 1 from the weights.
        of_ids: The same loss for class ids, if this one expects one-hot labels.
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
    """Where a function's arguments move in a loss object and its call.

    Args:
        reduction: The function's default `Reduction`.
        moved: Arguments of the constructor, and their names there.
        renamed: Arguments of the loss object's call, and their names there.
        dropped: Arguments that must be absent or None, so they change nothing.
        stops_labels: Whether TF1 stops the gradient into the labels, and the object doesn't.
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
        modules: TF1's modules that have it, by canonical names.
        parameters: All of them, in the order of positional arguments.
        reduces: Whether it weights, reduces and joins the loss collection.
        loss: What it computes; None if the losses are an argument.
        labels: The parameter for the labels; None if there is none.
        loss_object: How it becomes a loss object; None if there isn't one.
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
