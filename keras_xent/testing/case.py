"""One comparison on generated inputs."""

from __future__ import annotations

import dataclasses
from typing import Callable

from keras_xent.comparing.made import Inputs
from keras_xent.testing.labels import Labels


@dataclasses.dataclass(frozen=True)
class Sizes:
    """The sizes of the inputs.

    Args:
        num_classes: the size of the last axis.
        batch_size: the size of the first axis.
    """

    num_classes: int
    batch_size: int


@dataclasses.dataclass(frozen=True)
class Case:
    """One comparison.

    Args:
        name: its name in the message.
        silent_changes: the numbers of the silent changes that it detects.
        make: generates the inputs.
        labels: the kind of labels.
        kinds: its names in `skip`, the most specific one first. A case without kinds can't be
            skipped.
        every_dtype: whether to compare it in every dtype, instead of only one.
        labels_of_logits: whether to compute the labels from the logits, as if they were a
            network's own predictions.
        softmax_output: whether to pass the logits through a Keras softmax or sigmoid first.
    """

    name: str
    silent_changes: tuple[int, ...]
    make: Callable[[Sizes], Inputs]
    labels: Labels
    kinds: tuple[str, ...] = ()
    every_dtype: bool = False
    labels_of_logits: bool = False
    softmax_output: bool = False
