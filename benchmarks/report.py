"""The results as Markdown."""

from __future__ import annotations

from typing import Callable, Iterable, Mapping, Sequence

from benchmarks.benchmark import EMPTY, SECONDS, TIMES, Benchmark, Recorder
from benchmarks.checks import Verdict, bound_text, subject
from benchmarks.measurement import Key, Measurement


def markdown(
    title: str,
    machine: Mapping[str, str],
    benchmarks: Sequence[Benchmark],
    recorder: Recorder,
    verdicts: Sequence[Verdict],
    figure: str | None = None,
) -> str:
    """The whole report.

    Args:
        title: the report's title.
        machine: the entries that describe the machine.
        benchmarks: the benchmarks that ran.
        recorder: their measurements, and what could not be measured.
        verdicts: the verdicts on their targets.
        figure: the file name of a chart next to the report.
    """
    lines = [f"# {title}", ""]
    lines += _table(["", ""], machine.items())
    notes = [*recorder.notes, *recorder.failures]
    if notes:
        lines += [*[f"* {note}" for note in notes], ""]
    lines += _targets(verdicts)
    if figure:
        lines += ["## Overview", "", f"![Times as multiples of keras_xent's]({figure})", ""]
    for benchmark in benchmarks:
        lines += [f"## {benchmark.name}", "", benchmark.description, ""]
        rows = [row for row in recorder.measurements if row.key.benchmark == benchmark.name]
        lines += _pivot(rows, benchmark) if rows else ["Not measured.", ""]
        lines += _net(rows, benchmark)
    return "\n".join(lines).rstrip() + "\n"


def _targets(verdicts: Sequence[Verdict]) -> list[str]:
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


def _pivot(measurements: Sequence[Measurement], benchmark: Benchmark) -> list[str]:
    """A row for each case, dtype and shape, and a column for each contender."""
    names = list(dict.fromkeys(row.key.contender for row in measurements))
    found = {row.key: row for row in measurements}
    places = list(dict.fromkeys(row.key._replace(contender="") for row in measurements))

    def cell(place: Key, name: str) -> str:
        row = found.get(place._replace(contender=name))
        if row is None:
            return ""
        value = getattr(row.summary, benchmark.statistic)
        if row.unit != SECONDS:
            number = f"{value:.3g}" if value < 1000 else f"{value:.0f}"
            return f"{number} ×" if row.unit == TIMES else number
        base = found.get(place._replace(contender=benchmark.base), row)
        if base is not row:
            return f"{value / getattr(base.summary, benchmark.statistic):.2f} ×"
        low, high = row.summary.lower_quartile, row.summary.upper_quartile
        return f"{duration(value)} ({duration(low)} – {duration(high)})"

    units = dict.fromkeys(row.unit for row in measurements)
    named = [unit for unit in units if unit not in (SECONDS, TIMES)]
    caption = [f"Unit: {', '.join(named)}.", ""] if named else []
    return [*caption, *_by_place(places, names, cell)]


def _net(measurements: Sequence[Measurement], benchmark: Benchmark) -> list[str]:
    """The times minus that of an empty call; empty if that wasn't measured."""
    base = benchmark.base
    values = {row.key: float(getattr(row.summary, benchmark.statistic)) for row in measurements}
    places = [
        key._replace(contender="")
        for key in values
        if key.contender == EMPTY and key._replace(contender=base) in values
    ]
    if not places:
        return []
    others = dict.fromkeys(key.contender for key in values if key.contender != EMPTY)
    names = [base, *(name for name in others if name != base)]

    def cell(place: Key, name: str) -> str:
        if place._replace(contender=name) not in values:
            return ""
        empty = values[place._replace(contender=EMPTY)]
        net, net_base = (values[place._replace(contender=one)] - empty for one in (name, base))
        if name == base:
            return duration(net) if net > 0 else "0"
        # If ours is as fast as an empty call, there is nothing to divide by.
        return f"{net / net_base:.2f} ×" if net_base > 0 else "–"

    caption = f"Without the time E of an empty call: {base} − E, and (X − E) / ({base} − E)."
    return [caption, "", *_by_place(places, names, cell)]


def _by_place(
    places: Sequence[Key], names: Sequence[str], cell: Callable[[Key, str], str]
) -> list[str]:
    """A table with a row for each place and a column for each contender."""
    with_case = any(place.case for place in places)
    rows = [
        [
            *([place.case] if with_case else []),
            place.dtype,
            str(place.shape) if place.shape else "",
            *(cell(place, name) for name in names),
        ]
        for place in places
    ]
    return _table([*(["case"] if with_case else []), "dtype", "shape", *names], rows)


def duration(seconds: float) -> str:
    """Formats a time with three digits and a suitable unit.

    Examples:
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


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return [*[f"| {' | '.join(cells)} |" for cells in lines], ""]
