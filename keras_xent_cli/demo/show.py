"""What the demo shows: the trainings in numbers, in plain words, and as curves."""

from __future__ import annotations

import pathlib
import statistics
from typing import Any, NamedTuple, Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from rich.console import Console
from rich.table import Table

from keras_xent.comparing import arrays, exactness
from keras_xent.comparing.oracles import ORACLES
from keras_xent.reduction import Reduction
from keras_xent_cli.demo.train import Digits, Training, logits

# Two float32 programs that do the same arithmetic in another order end this close after some
# hundred steps, and the parameters are about as large as 1; a training that divides by something
# else is ten thousand times further away.
TOLERANCE = exactness.OF_RESULTS.error("float32")

# Okabe and Ito's colours: they stay apart for colour-blind readers and in print.
TF1_COLOUR = "#9ccbe8"
NAIVE_COLOUR = "#d55e00"
OURS_COLOUR = "#0b3c5d"
LIMIT_COLOUR = "#666666"


class Row(NamedTuple):
    """One training, measured.

    Attributes:
        name: which training.
        first_loss: the loss that it reported for the first batch, before any update.
        losses: TF1's loss over the whole training set, at the start and after each step. Each
            training reports the loss that it minimises, and those are not the same quantity.
        accuracy: on the held-out images, at the end.
        differences: the largest parameter difference from TF1, at the start and after each step.
        step_seconds: the median time of a step.
    """

    name: str
    first_loss: float
    losses: Sequence[float]
    accuracy: float
    differences: Sequence[float]
    step_seconds: float


class Comparison(NamedTuple):
    """The three trainings, measured by the same yardstick."""

    tf1: Row
    naive: Row
    ours: Row

    @property
    def steps(self) -> int:
        """How many steps each training took."""
        return len(self.tf1.losses) - 1

    @property
    def ours_follows_tf1(self) -> bool:
        """Whether the port to `keras_xent` stayed within rounding of TF1 at every step."""
        # all(), not max(): a NaN has to fail, and max() may skip it.
        return all(difference <= TOLERANCE for difference in self.ours.differences)


def compare(trainings: Sequence[Training], digits: Digits) -> Comparison:
    """Measure the trainings with TF1's loss, with Keras's and with ours."""
    return Comparison(*(_measure(training, trainings[0], digits) for training in trainings))


def _measure(training: Training, reference: Training, digits: Digits) -> Row:
    arguments = {"label_smoothing": 0.0, "reduction": Reduction.SUM_BY_NONZERO_WEIGHTS}
    loss = ORACLES["softmax_cross_entropy"](**arguments).value
    losses = [
        float(loss(digits.labels, logits(parameters, digits.images), digits.weights))
        for parameters in training.trajectory
    ]
    answers = logits(training.trajectory[-1], digits.held_out_images).argmax(axis=1)
    differences = [
        # Not Python's max(), which loses a NaN.
        float(np.max(list(map(arrays.largest_difference, mine, theirs))))
        for mine, theirs in zip(training.trajectory, reference.trajectory)
    ]
    return Row(
        name=training.name,
        first_loss=training.first_loss,
        losses=losses,
        accuracy=float(np.mean(answers == digits.held_out_classes)),
        differences=differences,
        step_seconds=statistics.median(training.step_seconds),
    )


def print_all(comparison: Comparison, console: Console) -> None:
    """Print the table and the conclusion."""
    console.print()
    console.print(_table(comparison))
    for sentence in conclusion(comparison):
        console.print()
        # Numbers in running text need no colours.
        console.print(sentence, highlight=False)


def _table(comparison: Comparison) -> Table:
    table = Table(
        title=f"{comparison.steps} steps from the same parameters, with the same batches",
        caption=(
            "First loss: as each training reports it for the first batch, before any update. "
            "Final loss: TF1's formula on the whole training set, for all three. "
            "Time a step: median on this machine, with the trainings' own overhead; "
            "not a benchmark."
        ),
        caption_justify="left",
    )
    table.add_column("training")
    for heading in (
        "first\nloss",
        "final\nloss",
        "held-out\naccuracy",
        "largest parameter\ndifference from TF1",
        "time\na step",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in comparison:
        table.add_row(
            row.name,
            f"{row.first_loss:.4f}",
            f"{row.losses[-1]:.4f}",
            f"{row.accuracy:.1%}",
            "-" if row is comparison.tf1 else f"{row.differences[-1]:.1e}",
            f"{row.step_seconds * 1000:.1f} ms",
        )
    return table


def conclusion(comparison: Comparison) -> list[str]:
    """What the numbers show, in plain words: one paragraph for each training's part in it."""
    tf1, naive, ours = comparison
    # Not Python's max(), which loses a NaN.
    worst = float(np.max(ours.differences))
    verdict = (
        f"FAILED: keras_xent did not follow TF1. A parameter was {worst:.2g} away, and the limit "
        f"at every step is {TOLERANCE:.1g}. Run keras-xent doctor to see whether this installation "
        "is sound, and please report what it prints."
    )
    if comparison.ours_follows_tf1:
        verdict = (
            f"keras_xent trained TF1's network: at no step is any parameter more than {worst:.1g} "
            f"away, which is float32 rounding (limit of this demo: {TOLERANCE:.1g}). All it took "
            "is keras_xent.CategoricalCrossentropy(from_logits=True, "
            'reduction="sum_by_nonzero_weights").'
        )
    return [
        "From the same parameters and the same batch TF1 computes a loss of "
        f"{tf1.first_loss:.4f} and Keras's own loss {naive.first_loss:.4f}: "
        "Keras divides by every example of the batch, TF1 by those whose weight is not zero.",
        "So each of the naive port's steps is too short, by a factor that changes from batch to "
        f"batch. After {comparison.steps} steps its parameters are up to "
        f"{naive.differences[-1]:.2g} away from TF1's.",
        verdict,
    ]


def draw(comparison: Comparison, path: pathlib.Path) -> None:
    """Draw the losses and the parameter differences, step by step, into a PNG file."""
    # Not pyplot: it would pick a screen and keep global state.
    figure = Figure(figsize=(11.0, 4.8), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(
        "One network, one initialisation, one order of batches; a third of the weights are zero",
        fontsize=12,
    )
    losses, differences = figure.subplots(1, 2)
    _draw_losses(losses, comparison)
    _draw_differences(differences, comparison)
    for axes in (losses, differences):
        axes.set_xlabel("step")
        axes.set_xlim(0, comparison.steps)
        axes.grid(color="#e6e6e6")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, format="png")


def _draw_losses(axes: Any, comparison: Comparison) -> None:
    # keras_xent lies on TF1 and would hide it: TF1 wide and pale below, keras_xent thin on top.
    looks: list[dict[str, Any]] = [
        {"color": TF1_COLOUR, "linewidth": 7},
        {"color": NAIVE_COLOUR, "linewidth": 2},
        {"color": OURS_COLOUR, "linewidth": 1.8, "linestyle": (0, (4, 2))},
    ]
    for row, look in zip(comparison, looks):
        axes.plot(row.losses, label=row.name, **look)
    axes.set_yscale("log")
    # Less than a decade is common here, and powers of ten alone would leave the axis bare.
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_title("Loss on the training set (TF1's formula for all three)", fontsize=11)
    axes.legend(frameon=False)


def _draw_differences(axes: Any, comparison: Comparison) -> None:
    def label(text: str, value: float, colour: str) -> None:
        # On the line itself: a legend would have to lie on one of the lines.
        axes.annotate(
            text,
            (comparison.steps, value),
            xytext=(-4, 5),
            textcoords="offset points",
            ha="right",
            color=colour,
        )

    axes.axhline(TOLERANCE, color=LIMIT_COLOUR, linewidth=1, linestyle=":")
    for row, colour in ((comparison.naive, NAIVE_COLOUR), (comparison.ours, OURS_COLOUR)):
        axes.plot(row.differences, color=colour, linewidth=2)
        label(row.name, row.differences[-1], colour)
    label("limit for keras_xent", TOLERANCE, LIMIT_COLOUR)
    # A logarithmic axis has no zero, which is the difference at the start.
    axes.set_yscale("log", nonpositive="mask")
    axes.set_ylim(1e-9, 10.0)
    axes.set_title("Largest difference of any parameter from TF1", fontsize=11)
