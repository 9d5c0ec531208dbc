"""Runs benchmarks under a progress bar."""

from __future__ import annotations

import time
import traceback
from typing import Callable, Sequence

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from benchmarks.benchmark import Benchmark, Options, Recorder

_SECONDS_BETWEEN_DRAWINGS = 0.25


def run(benchmarks: Sequence[Benchmark], options: Options, console: Console) -> Recorder:
    """Runs all parts. One that fails is noted, and the others still run."""
    parts = [(one.name, part) for one in benchmarks for part in one.parts(options)]
    recorder = Recorder(options)
    columns = (
        *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()),
        TimeElapsedColumn(),
    )
    # It draws when it is told to, between two rounds: no thread of its own beside what is timed.
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
