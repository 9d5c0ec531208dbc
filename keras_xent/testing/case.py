"""One comparison on made inputs."""

from __future__ import annotations

import dataclasses
from typing import Callable, Tuple

from keras_xent.comparing.made import Inputs
from keras_xent.testing.labels import Labels


@dataclasses.dataclass(frozen=True)
class Sizes:
    """How large they are.

    Args:
        num_classes: the size of the last axis.
        batch_size: the size of the first.
    """

    num_classes: int
    batch_size: int


@dataclasses.dataclass(frozen=True)
class Case:
    """One comparison.

    Args:
        name: for the message.
        pitfalls: the numbers of those that it tells.
        make: makes the inputs.
        labels: the kind of labels that it has.
        kinds: what `skip` calls it, the most telling name first; none can't be left out.
        every_dtype: whether it is compared in every dtype, not in one only.
        labels_of_logits: whether the labels are made from the logits instead, as a network's
            own predictions are.
        softmax_output: whether the logits go through a Keras softmax, or sigmoid, first.
    """

    name: str
    pitfalls: Tuple[int, ...]
    make: Callable[[Sizes], Inputs]
    labels: Labels
    kinds: Tuple[str, ...] = ()
    every_dtype: bool = False
    labels_of_logits: bool = False
    softmax_output: bool = False
