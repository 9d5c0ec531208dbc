"""What the demo says at its end: a table and a few sentences."""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.table import Table

from keras_xent_cli.demo.comparison import TOLERANCE, Comparison, Row


def table(comparison: Comparison) -> Table:
    """The trainings in numbers, one row each."""
    result = Table(
        title=f"{comparison.steps} steps from the same parameters, with the same batches",
        caption=(
            "First loss: as each training reports it for the first batch, before any update. "
            "Final loss: TF1's formula on the whole training set, for all three. "
            "Time a step: median on this machine, with the trainings' own overhead; "
            "not a benchmark."
        ),
        caption_justify="left",
    )
    result.add_column("training")
    for heading in (
        "first\nloss",
        "final\nloss",
        "held-out\naccuracy",
        "largest parameter\ndifference from TF1",
        "time\na step",
    ):
        result.add_column(heading, justify="right", no_wrap=True)
    for row in comparison.rows:
        result.add_row(*_cells(row, is_reference=row is comparison.tf1))
    return result


def conclusion(comparison: Comparison) -> list[str]:
    """What the numbers show, in plain words: one paragraph for each training's part in it."""
    return [_same_start(comparison), _drift(comparison), _verdict(comparison)]


def show(comparison: Comparison, console: Console) -> None:
    """Print the table and the conclusion."""
    console.print()
    console.print(table(comparison))
    for sentence in conclusion(comparison):
        console.print()
        # Numbers in running text need no colours.
        console.print(sentence, highlight=False)


def _same_start(comparison: Comparison) -> str:
    return (
        "From the same parameters and the same batch TF1 computes a loss of "
        f"{comparison.tf1.first_loss:.4f} and Keras's own loss {comparison.naive.first_loss:.4f}: "
        "Keras divides by every example of the batch, TF1 by those whose weight is not zero."
    )


def _drift(comparison: Comparison) -> str:
    return (
        "So each of the naive port's steps is too short, by a factor that changes from batch to "
        f"batch. After {comparison.steps} steps its parameters are up to "
        f"{comparison.naive.differences[-1]:.2g} away from TF1's."
    )


def _verdict(comparison: Comparison) -> str:
    # Not Python's max(), which loses a NaN.
    worst = float(np.max(comparison.ours.differences))
    if comparison.ours_follows_tf1:
        return (
            f"keras_xent trained TF1's network: at no step is any parameter more than {worst:.1g} "
            f"away, which is float32 rounding (limit of this demo: {TOLERANCE:.1g}). All it took "
            "is keras_xent.CategoricalCrossentropy(from_logits=True, "
            'reduction="sum_by_nonzero_weights").'
        )
    return (
        f"FAILED: keras_xent did not follow TF1. A parameter was {worst:.2g} away, and the limit "
        f"at every step is {TOLERANCE:.1g}. Run keras-xent doctor to see whether this installation "
        "is sound, and please report what it prints."
    )


def _cells(row: Row, is_reference: bool) -> list[str]:
    difference = "-" if is_reference else f"{row.differences[-1]:.1e}"
    return [
        row.name,
        f"{row.first_loss:.4f}",
        f"{row.losses[-1]:.4f}",
        f"{row.accuracy:.1%}",
        difference,
        f"{row.step_seconds * 1000:.1f} ms",
    ]
