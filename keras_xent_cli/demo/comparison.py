"""The three trainings, side by side."""

from __future__ import annotations

import dataclasses
import statistics

from keras_xent.comparing import exactness
from keras_xent_cli.demo.data import Digits
from keras_xent_cli.demo.training import Training
from keras_xent_cli.demo.yardstick import held_out_accuracy, largest_difference, weighted_loss

# Two float32 programs that do the same arithmetic in another order end this close after some
# hundred steps, and the parameters are about as large as 1; a training that divides by something
# else is ten thousand times further away.
TOLERANCE = exactness.OF_RESULTS.error("float32")


@dataclasses.dataclass(frozen=True)
class Row:
    """One training, measured.

    Args:
        name: Which training.
        first_loss: The loss that it reported for the first batch, before any update.
        losses: TF1's loss over the whole training set, at the start and after each step.
        accuracy: On the held-out images, at the end.
        differences: The largest parameter difference from TF1, at the start and after each step.
        step_seconds: The median time of a step.
    """

    name: str
    first_loss: float
    losses: list[float]
    accuracy: float
    differences: list[float]
    step_seconds: float


@dataclasses.dataclass(frozen=True)
class Comparison:
    """The three trainings, measured by the same yardstick.

    Args:
        tf1: The original.
        naive: The port to Keras's own loss.
        ours: The port to ``keras_xent``.
    """

    tf1: Row
    naive: Row
    ours: Row

    @property
    def rows(self) -> list[Row]:
        """All three, in the order of the table."""
        return [self.tf1, self.naive, self.ours]

    @property
    def steps(self) -> int:
        """How many steps each training took."""
        return len(self.tf1.losses) - 1

    @property
    def ours_follows_tf1(self) -> bool:
        """Whether the port to ``keras_xent`` stayed within rounding of TF1 at every step."""
        # all(), not max(): a NaN has to fail, and max() may skip it.
        return all(difference <= TOLERANCE for difference in self.ours.differences)


def compare(tf1: Training, naive: Training, ours: Training, digits: Digits) -> Comparison:
    """Measure three trainings that started from the same parameters.

    Raises:
        ValueError: The trainings differ in length.
    """
    if not tf1.steps == naive.steps == ours.steps:
        raise ValueError(
            "The trainings to compare must have the same number of steps; got "
            f"{tf1.steps}, {naive.steps} and {ours.steps}. Give all three the same schedule."
        )
    return Comparison(
        tf1=_measure(tf1, tf1, digits),
        naive=_measure(naive, tf1, digits),
        ours=_measure(ours, tf1, digits),
    )


def _measure(training: Training, reference: Training, digits: Digits) -> Row:
    return Row(
        name=training.name,
        first_loss=training.first_loss,
        losses=[weighted_loss(parameters, digits) for parameters in training.trajectory],
        accuracy=held_out_accuracy(training.final, digits),
        differences=[
            largest_difference(mine, theirs)
            for mine, theirs in zip(training.trajectory, reference.trajectory)
        ],
        step_seconds=statistics.median(training.step_seconds),
    )
