"""The picture of the three trainings."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from keras_xent_cli.demo.comparison import TOLERANCE, Comparison

# Okabe and Ito's colours: they stay apart for colour-blind readers and in print.
TF1_COLOUR = "#9ccbe8"
NAIVE_COLOUR = "#d55e00"
OURS_COLOUR = "#0b3c5d"
LIMIT_COLOUR = "#666666"


def save(comparison: Comparison, path: pathlib.Path) -> None:
    """Draw the losses and the parameter differences, step by step, into a PNG file.

    Args:
        comparison: What to draw.
        path: The file to write.

    Raises:
        OSError: The file cannot be written.
    """
    # Not pyplot: it would pick a screen and keep global state.
    figure = Figure(figsize=(11.0, 4.8), dpi=150, layout="constrained")
    canvas = FigureCanvasAgg(figure)
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
    canvas.print_png(str(path))


def _draw_losses(axes: Any, comparison: Comparison) -> None:
    # keras_xent lies on TF1 and would hide it: TF1 wide and pale below, keras_xent thin on top.
    axes.plot(comparison.tf1.losses, color=TF1_COLOUR, linewidth=7, label=comparison.tf1.name)
    axes.plot(comparison.naive.losses, color=NAIVE_COLOUR, linewidth=2, label=comparison.naive.name)
    axes.plot(
        comparison.ours.losses,
        color=OURS_COLOUR,
        linewidth=1.8,
        linestyle=(0, (4, 2)),
        label=comparison.ours.name,
    )
    axes.set_yscale("log")
    # Less than a decade is common here, and powers of ten alone would leave the axis bare.
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_title("Loss on the training set (TF1's formula for all three)", fontsize=11)
    axes.legend(frameon=False)


def _draw_differences(axes: Any, comparison: Comparison) -> None:
    axes.axhline(TOLERANCE, color=LIMIT_COLOUR, linewidth=1, linestyle=":")
    for row, colour in ((comparison.naive, NAIVE_COLOUR), (comparison.ours, OURS_COLOUR)):
        axes.plot(_for_log_scale(row.differences), color=colour, linewidth=2)
        _label(axes, row.name, comparison.steps, row.differences[-1], colour)
    _label(axes, "limit for keras_xent", comparison.steps, TOLERANCE, LIMIT_COLOUR)
    axes.set_yscale("log")
    axes.set_ylim(1e-9, 10.0)
    axes.set_title("Largest difference of any parameter from TF1", fontsize=11)


def _label(axes: Any, text: str, step: int, value: float, colour: str) -> None:
    # On the line itself: a legend would have to lie on one of the lines.
    axes.annotate(
        text,
        (step, value),
        xytext=(-4, 5),
        textcoords="offset points",
        ha="right",
        color=colour,
    )


def _for_log_scale(values: Any) -> np.ndarray:
    # A logarithmic axis has no zero: leave a gap there.
    array = np.array(values, dtype=np.float64)
    array[array == 0.0] = np.nan
    return array
