"""Checks which targets are met, and by how much the others are missed."""

from __future__ import annotations

from typing import Iterable, NamedTuple

from benchmarks.benchmark import TIMES, Target
from benchmarks.measurement import Measurement


class Verdict(NamedTuple):
    """A target and what was measured for it.

    Attributes:
        target: the target.
        value: the measured value; None if it wasn't measured.
        unit: its unit.
    """

    target: Target
    value: float | None
    unit: str

    @property
    def met(self) -> bool:
        """Whether the target was met. Without a measurement, it wasn't."""
        if self.value is None:
            return False
        if self.target.at_least:
            return self.value >= self.target.bound
        return self.value <= self.target.bound

    @property
    def shortfall(self) -> str:
        """By how much the target is missed."""
        if self.value is None:
            return "not measured"
        if self.target.bound == 0:
            return f"{self.value - self.target.bound:.3g}"
        return f"{abs(self.value / self.target.bound - 1):.1%}"


def judge(
    targets: Iterable[Target], measurements: Iterable[Measurement], skip_unmeasured: bool = False
) -> list[Verdict]:
    """A verdict for each target.

    Args:
        targets: the targets to judge.
        measurements: all measurements.
        skip_unmeasured: whether to skip targets without a measurement. Otherwise they count as
            missed.
    """
    found = {measurement.key: measurement for measurement in measurements}
    verdicts = []
    for target in targets:
        keys = [target.key] if target.over is None else [target.key, target.over]
        rows = [found[key] for key in keys if key in found]
        if len(rows) == len(keys):
            values = [float(getattr(row.summary, target.statistic)) for row in rows]
            value = values[0] / values[1] if target.over is not None else values[0]
            unit = TIMES if target.over is not None else rows[0].unit
            verdicts.append(Verdict(target, value, unit))
        elif not skip_unmeasured:
            verdicts.append(Verdict(target, None, ""))
    return verdicts


def subject(target: Target) -> str:
    """Describes what a target applies to."""
    key, over = target.key, target.over
    place = f"{key.dtype} {key.shape}" if key.shape else key.dtype
    if over is None:
        what = key.contender
    elif key.contender == over.contender:
        what = f"{key.contender}, {key.case} / {over.case}"
    else:
        what = f"{key.contender} / {over.contender}"
    case = f"{key.case}, " if key.case and (over is None or key.case == over.case) else ""
    return f"{key.benchmark}: {case}{place}: {what}"


def bound_text(target: Target, unit: str = "") -> str:
    """The bound as an inequality."""
    sign = "≥" if target.at_least else "≤"
    return f"{sign} {target.bound:g} {unit}".rstrip()
