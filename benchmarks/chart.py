"""The chart of the training steps: times as multiples of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping, Sequence

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from benchmarks.benchmark import OURS
from benchmarks.measurement import Measurement
from benchmarks.report import duration
from benchmarks.setups import Shape

# Okabe and Ito's colors, which color-blind readers can tell apart, also in print.
COLORS = {
    "v1": "#d55e00",
    "Keras": "#e69f00",
    "v1 under XLA": "#cc79a7",
    "PyTorch": "#009e73",
    "optax": "#56b4e9",
    "AddV2": "#8c8c8c",
}
_GROUP_WIDTH = 0.86


def save(measurements: Sequence[Measurement], path: Path) -> bool:
    """Draws the training steps with one-hot labels into an SVG file.

    Returns:
        Whether there was anything to draw.
    """
    found = medians(measurements)
    if OURS not in found:
        return False
    # So the same results produce the same file.
    with rc_context({"svg.hashsalt": "keras_xent"}):
        draw(found).savefig(path, metadata={"Date": None})
    return True


def medians(measurements: Sequence[Measurement]) -> dict[str, dict[Shape, float]]:
    """The seconds of a training step, by contender and shape."""
    found: dict[str, dict[Shape, float]] = {}
    for row in measurements:
        if row.key.benchmark == "training" and row.key.case == "one-hot labels":
            found.setdefault(row.key.contender, {})[row.key.shape] = row.summary.median
    return found


def draw(found: Mapping[str, Mapping[Shape, float]]) -> Figure:
    """The figure."""
    figure = Figure(figsize=(12.5, 5.0), layout="constrained")
    axes = figure.subplots()
    ours = found[OURS]
    names = [name for name in COLORS if name in found]
    width = _GROUP_WIDTH / len(names)
    values = []
    for number, name in enumerate(names):
        for position, (shape, seconds) in enumerate(ours.items()):
            if shape in found[name]:
                x = position + width * (number + 0.5) - _GROUP_WIDTH / 2
                values.append(found[name][shape] / seconds)
                _bar(axes, x, values[-1], width, COLORS[name], None if position else name)
    axes.axhline(1, color="#333333", linewidth=1)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g} ×")
    axes.yaxis.set_minor_formatter(NullFormatter())
    # Room for the numbers at the ends of the bars.
    axes.set_ylim(min(0.9, 0.8 * min(values)), max(1.1, 1.3 * max(values)))
    labels = [f"{shape}\n{OURS}: {duration(seconds)}" for shape, seconds in ours.items()]
    axes.set_xlim(-0.6, len(labels) - 0.4)
    axes.set_xticks(range(len(labels)), labels)
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel("time / time of keras_xent")
    axes.grid(axis="y", color="#e6e6e6")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle("Loss and gradient of float32 logits: time as a multiple of keras_xent's")
    figure.legend(
        *axes.get_legend_handles_labels(), loc="outside lower center", ncols=6, frameon=False
    )
    return figure


def _bar(axes: Any, x: float, value: float, width: float, color: str, label: Any) -> None:
    # Bars start at 1, keras_xent's own time: upward is slower, downward is faster.
    axes.bar(x, value - 1, 0.92 * width, bottom=1, color=color, label=label)
    axes.annotate(
        f"{value:.2f}" if value < 10 else f"{value:.1f}",
        (x, value),
        xytext=(0, 2 if value >= 1 else -2),
        textcoords="offset points",
        ha="center",
        va="bottom" if value >= 1 else "top",
        fontsize=7,
    )
