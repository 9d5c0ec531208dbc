"""A function of TF1, and the loss object that it can become."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Loss:
    """A cross entropy, which several functions may compute.

    Args:
        object_name: the class of its loss object.
        constructor: the arguments of that class that the codemod writes, in their order.
        activations: the functions whose output isn't logits, because the loss applies one itself.
        smoothing: the labels that `label_smoothing=eps` computes.
        swapped: what happens if labels and logits are swapped.
        averages_classes: whether the loss object takes the mean over the last axis before it
            weights and reduces. TF1 weights every element.
        squeezes_weights: whether TF1 removes a last dimension of 1 from the weights.
        of_ids: the same loss for class ids, if this one expects one-hot labels.
    """

    object_name: str
    constructor: tuple[str, ...]
    activations: tuple[str, ...]
    smoothing: str
    swapped: str
    averages_classes: bool = False
    squeezes_weights: bool = False
    of_ids: Loss | None = None


@dataclasses.dataclass(frozen=True)
class LossObject:
    """Where a function's arguments move in a loss object and its call.

    Args:
        reduction: the function's default `Reduction`.
        moved: arguments of the constructor, and their names there.
        renamed: arguments of the loss object's call, and their names there.
        dropped: arguments that must be absent or None, so they change nothing.
        stops_labels: whether TF1 stops the labels' gradient, and the object doesn't.
    """

    reduction: str
    moved: dict[str, str]
    renamed: dict[str, str]
    dropped: tuple[str, ...]
    stops_labels: bool = False


@dataclasses.dataclass(frozen=True, eq=False)
class Function:
    """A function of TF1, which `keras_xent.v1` has under the same name.

    Args:
        name: its name.
        modules: TF1's modules that have it, by canonical names.
        parameters: all of them, in the order of positional arguments.
        reduces: whether it weights, reduces and joins the loss collection.
        loss: what it computes; None if the losses are an argument.
        labels: the parameter for the labels; None if there is none.
        loss_object: how it becomes a loss object; None if there isn't one.
        has_other_order: whether the function of that name in `keras_xent.v1` has the parameters in
            another order.
    """

    name: str
    modules: tuple[str, ...]
    parameters: tuple[str, ...]
    reduces: bool
    loss: Loss | None = None
    labels: str | None = None
    loss_object: LossObject | None = None
    has_other_order: bool = False
