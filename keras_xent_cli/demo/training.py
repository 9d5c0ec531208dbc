"""What all three trainings have in common: the schedule they follow and the record they keep."""

from __future__ import annotations

import dataclasses
from typing import Callable

from keras_xent_cli.demo.network import Parameters

# Called after each step, for the progress bar.
OnStep = Callable[[], None]


@dataclasses.dataclass(frozen=True)
class Schedule:
    """Plain stochastic gradient descent, in the order of the data, the same in every epoch.

    Args:
        examples: How many examples an epoch has.
        epochs: How many times they are gone through.
        batch_size: Examples a step. The last batch of an epoch holds what is left.
        learning_rate: The step size.
    """

    examples: int
    epochs: int
    batch_size: int = 128
    learning_rate: float = 0.2

    @property
    def steps(self) -> int:
        """The number of steps of the whole training."""
        return self.epochs * -(-self.examples // self.batch_size)


@dataclasses.dataclass
class Training:
    """What one training left behind.

    Args:
        name: Which training it was.
        first_loss: The loss that it reported itself for the first batch, before any update.
        trajectory: The parameters at the start and after each step.
        step_seconds: How long each step took.
    """

    name: str
    first_loss: float
    trajectory: list[Parameters]
    step_seconds: list[float]

    @property
    def steps(self) -> int:
        """How many updates the parameters have had."""
        return len(self.trajectory) - 1

    @property
    def final(self) -> Parameters:
        """The parameters at the end."""
        return self.trajectory[-1]
