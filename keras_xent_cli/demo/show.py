"""What the demo shows: a table, the conclusion in words, and the curves."""

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

# Two float32 programs that do the same arithmetic in a different order stay this close for a few
# hundred steps, with parameters of about 1. With a different denominator, the difference is ten
# thousand times as large.
TOLERANCE = exactness.OF_RESULTS.error("float32")

# Okabe and Ito's colors, which color-blind readers can tell apart, also in print.
TF1_COLOR = "#9ccbe8"
NAIVE_COLOR = "#d55e00"
OURS_COLOR = "#0b3c5d"
LIMIT_COLOR = "#666666"


class Row(NamedTuple):
    """The measurements of one training run.

    Attributes:
        name: which run.
        first_loss: the loss that it reported for the first batch, before any update.
        losses: TF1's loss over the whole training set, at the start and after each step. (Each run
            reports the loss that it minimizes, and these aren't the same quantity.)
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
    """The three runs, measured in the same way."""

    tf1: Row
    naive: Row
    ours: Row

    @property
    def steps(self) -> int:
        """The number of steps of each run."""
        return len(self.tf1.losses) - 1

    @property
    def ours_follows_tf1(self) -> bool:
        """Whether the port to `keras_xent` stayed within rounding of TF1 at every step."""
        # all(), not max(): a NaN must fail, and max() may skip it.
        return all(difference <= TOLERANCE for difference in self.ours.differences)


def compare(trainings: Sequence[Training], digits: Digits) -> Comparison:
    """Measure the runs with TF1's loss, with Keras's and with ours."""
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
        # Numbers in running text don't need colors.
        console.print(sentence, highlight=False)


def _table(comparison: Comparison) -> Table:
    table = Table(
        title=f"{comparison.steps} steps from the same parameters, with the same batches",
        caption=(
            "First loss: what each run reports for the first batch, before any update. "
            "Final loss: TF1's formula on the whole training set, for all three. "
            "Time per step: the median on this machine, including the overhead of each run; "
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
        "time\nper step",
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
    """What the numbers show, in words: one paragraph for each run."""
    tf1, naive, ours = comparison
    # Not Python's max(), which loses a NaN.
    worst = float(np.max(ours.differences))
    verdict = (
        f"FAILED: keras_xent did not follow TF1. A parameter differed by {worst:.2g}, and the "
        f"limit at every step is {TOLERANCE:.1g}. Run keras-xent doctor to check this "
        "installation, and please report its output."
    )
    if comparison.ours_follows_tf1:
        verdict = (
            "keras_xent trained the same network as TF1: no parameter ever differs by more than "
            f"{worst:.1g}, which is float32 rounding (this demo allows "
            f"{TOLERANCE:.1g}). All it takes is keras_xent.CategoricalCrossentropy("
            'from_logits=True, reduction="sum_by_nonzero_weights").'
        )
    return [
        "From the same parameters and the same batch, TF1 computes a loss of "
        f"{tf1.first_loss:.4f}, and Keras's own loss is {naive.first_loss:.4f}. Keras divides by "
        "the number of examples in the batch, TF1 by the number of those with a non-zero weight.",
        "So every step of the naive port is too short, by a factor that changes from batch to "
        f"batch. After {comparison.steps} steps, its parameters differ from TF1's by up to "
        f"{naive.differences[-1]:.2g}.",
        verdict,
    ]


def draw(comparison: Comparison, path: pathlib.Path) -> None:
    """Draw the losses and the parameter differences, step by step, into a PNG file."""
    # Not pyplot, which chooses a display and keeps global state.
    figure = Figure(figsize=(11.0, 4.8), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(
        "One network, one initialization, one order of batches; a third of the weights are zero",
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
    # keras_xent's curve covers TF1's, so TF1's is wide and pale, with keras_xent's thin on top.
    looks: list[dict[str, Any]] = [
        {"color": TF1_COLOR, "linewidth": 7},
        {"color": NAIVE_COLOR, "linewidth": 2},
        {"color": OURS_COLOR, "linewidth": 1.8, "linestyle": (0, (4, 2))},
    ]
    for row, look in zip(comparison, looks):
        axes.plot(row.losses, label=row.name, **look)
    axes.set_yscale("log")
    # The losses often span less than a decade, and powers of ten alone would leave no labels.
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_title("Loss on the training set (TF1's formula for all three)", fontsize=11)
    axes.legend(frameon=False)


def _draw_differences(axes: Any, comparison: Comparison) -> None:
    def label(text: str, value: float, color: str) -> None:
        # Next to the line: a legend would cover one of the lines.
        axes.annotate(
            text,
            (comparison.steps, value),
            xytext=(-4, 5),
            textcoords="offset points",
            ha="right",
            color=color,
        )

    axes.axhline(TOLERANCE, color=LIMIT_COLOR, linewidth=1, linestyle=":")
    for row, color in ((comparison.naive, NAIVE_COLOR), (comparison.ours, OURS_COLOR)):
        axes.plot(row.differences, color=color, linewidth=2)
        label(row.name, row.differences[-1], color)
    label("limit for keras_xent", TOLERANCE, LIMIT_COLOR)
    # A logarithmic axis can't show the difference at the start, which is zero.
    axes.set_yscale("log", nonpositive="mask")
    axes.set_ylim(1e-9, 10.0)
    axes.set_title("Largest difference of any parameter from TF1", fontsize=11)
