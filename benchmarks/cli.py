"""The command line that speed, memory and accuracy share."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
import traceback
from pathlib import Path
from typing import Callable, Iterator, Mapping, Sequence

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from benchmarks import devices
from benchmarks.benchmark import Benchmark, Options, Recorder, Suite, Target
from benchmarks.checks import Verdict, bound_text, judge, subject
from benchmarks.measurement import as_csv

RESULTS = Path(__file__).with_name("results")
_FIGURE = "speed.svg"
_SECONDS_BETWEEN_DRAWINGS = 0.25


def main(suite: Suite, argv: Sequence[str] | None = None) -> int:
    """Runs a suite according to the arguments.

    Returns:
        The exit code: 1 if a part failed, or if a target is missed with `--check`.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    args = _parser(suite).parse_args(arguments)
    # Without a terminal, don't wrap the tables' lines at 80 characters.
    console = Console() if sys.stdout.isatty() else Console(width=140)
    if args.list:
        console.print(_listed(suite.benchmarks))
        return 0
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if args.device == devices.DEFAULT:
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    else:
        # The processes that measure memory need some of the GPU's memory.
        os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    # Not earlier, because this imports TensorFlow, which reads the environment and logs to stderr.
    from benchmarks import machine

    try:
        devices.check(args.device)
    except ValueError as error:
        print(f"--device: {error}", file=sys.stderr)
        return 2
    wanted = [one for one in suite.benchmarks if not args.only or one.name in args.only]
    on_cpu = devices.is_cpu(args.device)
    chosen = [one for one in wanted if on_cpu or not one.cpu_only]
    options = Options(args.rounds, args.quick, args.device)
    recorder = _run(chosen, options, Console(stderr=True))
    targets = _targets(suite, chosen, on_cpu)
    if not on_cpu:
        for note in _left_out(wanted):
            recorder.note(note)
    verdicts = judge(targets, recorder.measurements, skip_unmeasured=args.quick)
    command = shlex.join(["python", "-m", suite.command, *arguments])
    facts = machine.describe(command, args.device)
    _write(suite, chosen, recorder, verdicts, facts, args.output)
    missed = [verdict for verdict in verdicts if not verdict.met]
    if args.check and missed:
        console.print(_shortfalls(missed))
    print(f"{len(verdicts) - len(missed)} of {len(verdicts)} targets are met.")
    for failure in recorder.failures:
        print(failure, file=sys.stderr)
    return int(bool(recorder.failures) or (args.check and bool(missed)))


def _run(benchmarks: Sequence[Benchmark], options: Options, console: Console) -> Recorder:
    """Runs all parts. If one fails, its error is recorded, and the others still run."""
    parts = [(one.name, part) for one in benchmarks for part in one.parts(options)]
    recorder = Recorder(options)
    columns = (
        *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()),
        TimeElapsedColumn(),
    )
    # Refreshed only between rounds, so no thread of the progress bar runs while something is timed.
    with Progress(*columns, console=console, auto_refresh=False) as progress:
        task = progress.add_task("", total=len(parts))
        for number, (name, part) in enumerate(parts):
            progress.update(task, description=f"{name}: {part.title}", refresh=True)
            recorder.tick = _ticker(progress, task, number)
            try:
                part.run(recorder)
            except Exception as error:
                console.print(traceback.format_exc(), markup=False)
                recorder.failures.append(
                    f"{name}, {part.title} failed: {type(error).__name__}: {error}"
                )
            progress.update(task, completed=number + 1, refresh=True)
        progress.update(task, description="done", refresh=True)
    return recorder


def _ticker(progress: Progress, task: TaskID, before: int) -> Callable[[float], None]:
    drawn = time.monotonic()

    def tick(done: float) -> None:
        nonlocal drawn
        if time.monotonic() - drawn > _SECONDS_BETWEEN_DRAWINGS:
            progress.update(task, completed=before + done, refresh=True)
            drawn = time.monotonic()

    return tick


def _targets(suite: Suite, chosen: Sequence[Benchmark], on_cpu: bool) -> list[Target]:
    names = {benchmark.name for benchmark in chosen}
    found = [target for target in suite.targets if target.key.benchmark in names]
    return [target for target in found if on_cpu or target.any_device]


def _left_out(wanted: Sequence[Benchmark]) -> Iterator[str]:
    names = ", ".join(one.name for one in wanted if one.cpu_only)
    if names:
        yield f"Left out, because they apply only to CPUs: {names}."
    yield "Targets for the native kernels were left out, because these run only on CPUs."


def _parser(suite: Suite) -> argparse.ArgumentParser:
    names = [benchmark.name for benchmark in suite.benchmarks]
    parser = argparse.ArgumentParser(
        prog=f"python -m {suite.command}",
        description=f"{suite.title}: runs the benchmarks, and writes {suite.stem}.md and .csv.",
    )
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help="run only these")
    parser.add_argument(
        "--rounds", type=_positive, metavar="N", help="the number of rounds of each benchmark"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a trial run: few rounds, no large shapes"
    )
    parser.add_argument(
        "--check", action="store_true", help="list the unmet targets, and exit with code 1"
    )
    parser.add_argument(
        "--list", action="store_true", help="list the benchmarks without running them"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=RESULTS,
        metavar="DIR",
        help="the folder for the results (default: benchmarks/results)",
    )
    if suite.takes_device:
        parser.add_argument(
            "--device",
            default=devices.DEFAULT,
            metavar="NAME",
            help="measure on this device, such as /GPU:0 (default: the CPU)",
        )
    else:
        parser.set_defaults(device=devices.DEFAULT)
    return parser


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)


def _write(
    suite: Suite,
    benchmarks: Sequence[Benchmark],
    recorder: Recorder,
    verdicts: list[Verdict],
    facts: Mapping[str, str],
    directory: Path,
) -> None:
    from benchmarks import chart, report

    directory.mkdir(parents=True, exist_ok=True)
    figure = _FIGURE if chart.save(recorder.measurements, directory / _FIGURE) else None
    text = report.markdown(suite.title, facts, benchmarks, recorder, verdicts, figure)
    (directory / f"{suite.stem}.md").write_text(text, encoding="utf-8")
    rows = as_csv(recorder.measurements)
    (directory / f"{suite.stem}.csv").write_text(rows, encoding="utf-8")


def _listed(benchmarks: Sequence[Benchmark]) -> Table:
    table = Table("name", "what it measures")
    for benchmark in benchmarks:
        table.add_row(benchmark.name, benchmark.description)
    return table


def _shortfalls(verdicts: Sequence[Verdict]) -> Table:
    table = Table("not met", "target", "measured", "missed by")
    for verdict in verdicts:
        value = "" if verdict.value is None else f"{verdict.value:.3g}"
        target = bound_text(verdict.target, verdict.unit)
        table.add_row(subject(verdict.target), target, value, verdict.shortfall)
    return table
