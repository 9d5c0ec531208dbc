"""The results as Markdown."""

from __future__ import annotations

from typing import Dict, Iterable, List, Mapping, Optional, Sequence

from benchmarks.benchmark import OURS, SECONDS, TIMES, Benchmark
from benchmarks.checks import Verdict, bound_text, subject
from benchmarks.measurement import Key, Measurement


def markdown(
    title: str,
    machine: Mapping[str, str],
    benchmarks: Sequence[Benchmark],
    measurements: Sequence[Measurement],
    verdicts: Sequence[Verdict],
    notes: Sequence[str] = (),
    figure: Optional[str] = None,
) -> str:
    """The whole report.

    Args:
        title: its title.
        machine: what to say of the machine.
        benchmarks: those that ran.
        measurements: theirs.
        verdicts: of their targets.
        notes: sentences on what could not be measured.
        figure: the name of a picture beside the report.
    """
    lines = [f"# {title}", ""]
    lines += _table(["", ""], machine.items())
    if notes:
        lines += [*[f"* {note}" for note in notes], ""]
    lines += _targets(verdicts)
    if figure:
        lines += ["## In one picture", "", f"![Times as multiples of keras_xent's]({figure})", ""]
    for benchmark in benchmarks:
        lines += [f"## {benchmark.name}", "", benchmark.description, ""]
        rows = [row for row in measurements if row.key.benchmark == benchmark.name]
        lines += _pivot(rows, benchmark.statistic) if rows else ["Not measured.", ""]
    return "\n".join(lines).rstrip() + "\n"


def _targets(verdicts: Sequence[Verdict]) -> List[str]:
    if not verdicts:
        return []
    met = sum(verdict.met for verdict in verdicts)
    rows = [
        (
            "yes" if verdict.met else f"**no**: {verdict.shortfall}",
            subject(verdict.target),
            bound_text(verdict.target, verdict.unit),
            "" if verdict.value is None else f"{verdict.value:.3g}",
        )
        for verdict in sorted(verdicts, key=lambda verdict: verdict.met)
    ]
    header = ["met", "what", "target", "measured"]
    return [f"## Targets: {met} of {len(verdicts)} met", "", *_table(header, rows)]


def _pivot(measurements: Sequence[Measurement], statistic: str) -> List[str]:
    """A row for each case, dtype and shape, and a column for each contender."""
    names = list(dict.fromkeys(row.key.contender for row in measurements))
    found: Dict[Key, Measurement] = {row.key: row for row in measurements}
    places = list(dict.fromkeys(row.key._replace(contender="") for row in measurements))
    with_case = any(place.case for place in places)
    rows = []
    for place in places:
        ours = found.get(place._replace(contender=OURS))
        keys = [place._replace(contender=name) for name in names]
        cells = [_cell(found.get(key), ours, statistic) for key in keys]
        shape = str(place.shape) if place.shape else ""
        rows.append([*([place.case] if with_case else []), place.dtype, shape, *cells])
    units = dict.fromkeys(row.unit for row in measurements)
    named = [unit for unit in units if unit not in (SECONDS, TIMES)]
    caption = [f"Unit: {', '.join(named)}.", ""] if named else []
    header = [*(["case"] if with_case else []), "dtype", "shape", *names]
    return [*caption, *_table(header, rows)]


def _cell(row: Optional[Measurement], ours: Optional[Measurement], statistic: str) -> str:
    if row is None:
        return ""
    value = getattr(row.summary, statistic)
    if row.unit != SECONDS:
        number = f"{value:.3g}" if value < 1000 else f"{value:.0f}"
        return f"{number} ×" if row.unit == TIMES else number
    if ours is None or row is ours:
        low, high = row.summary.lower_quartile, row.summary.upper_quartile
        return f"{duration(value)} ({duration(low)} – {duration(high)})"
    return f"{value / getattr(ours.summary, statistic):.2f} ×"


def duration(seconds: float) -> str:
    """Three digits and a unit that suits.

    Example:

    >>> duration(0.00848)
    '8.48 ms'
    """
    if seconds < 1e-3:
        return f"{_three_digits(1e6 * seconds)} µs"
    if seconds < 1:
        return f"{_three_digits(1e3 * seconds)} ms"
    return f"{_three_digits(seconds)} s"


def _three_digits(value: float) -> str:
    return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2}f}"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> List[str]:
    lines = [header, ["---"] * len(header), *rows]
    return [*[f"| {' | '.join(cells)} |" for cells in lines], ""]
