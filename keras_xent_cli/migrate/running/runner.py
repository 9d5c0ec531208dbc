"""Runs the codemod on many files, with one process for each processor."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import multiprocessing
import os
import signal
import sys
from multiprocessing.pool import Pool
from pathlib import Path
from typing import (
    Callable,
    ContextManager,
    Iterable,
    Iterator,
    Optional,
    Sequence,
    Tuple,
)

from keras_xent_cli.migrate.keras_target.surroundings import look_around
from keras_xent_cli.migrate.options import Target
from keras_xent_cli.migrate.running import files
from keras_xent_cli.migrate.running.job import FileReport, Job, run_job, write
from keras_xent_cli.migrate.running.program import Program
from keras_xent_cli.migrate.tensorflow import loss_scopes

# Below this number of files, starting other processes takes longer than the work.
MANY_FILES = 16
_LONGEST_WAIT = 0.2  # seconds

Progress = Callable[[int], ContextManager[Callable[[], None]]]
# A file and its content; None if reading it failed, so its job reports the error.
_Source = Tuple[Path, Optional[bytes]]


@dataclasses.dataclass(frozen=True)
class Run:
    """The results for all files.

    Args:
        looked_at: the number of files.
        reports: for the files that may contain something to port, or couldn't be read.
    """

    looked_at: int
    reports: Sequence[FileReport]


@contextlib.contextmanager
def no_progress(total: int) -> Iterator[Callable[[], None]]:
    """Show nothing."""
    yield lambda: None


def run_jobs(paths: Iterable[Path], job: Job, progress: Progress = no_progress) -> Run:
    """Port files and directories.

    Args:
        paths: see `files.find_sources`.
        job: what to do with each file.
        progress: shows the progress: a context manager that gets the number of files, and returns
            a function to call after each file.

    Raises:
        FileNotFoundError: a path doesn't exist.
    """
    reading = _Reading(files.find_sources(paths))
    options = job.options
    if options.target is Target.KERAS:
        options = dataclasses.replace(options, surroundings=look_around(_contents(reading)))
    else:
        collections.deque(reading, maxlen=0)  # reads them
    read = ((path, content) for path, content in reading.chosen if content is not None)
    program = Program(reading.paths)
    options = dataclasses.replace(options, loss_scopes=loss_scopes.look_for(read, program))
    job = dataclasses.replace(job, options=options, program=program)
    with _mapping(reading.chosen, job) as mapped, progress(len(reading.chosen)) as step:
        reports: list[FileReport] = []
        for report in mapped:
            reports.append(report)
            step()
    if job.write:  # only now, because files read each other until all are ported
        reports = list(map(write, reports))
    return Run(len(reading.paths), reports)


class _Reading:
    """Reads the sources once, and keeps those that may contain something to port."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.paths = list(paths)
        self.chosen: list[_Source] = []

    def __iter__(self) -> Iterator[tuple[Path, bytes]]:
        for path in self.paths:
            try:
                content = path.read_bytes()
            except OSError:
                self.chosen.append((path, None))
                continue
            if files.of_interest(content):
                self.chosen.append((path, content))
            yield path, content


def _contents(sources: Iterable[tuple[Path, bytes]]) -> Iterator[tuple[str, bytes]]:
    for path, content in sources:
        if path.suffix == ".ipynb":
            # Decode \" and \n, which are a quote and a line break in the code.
            content = content.replace(rb"\"", b'"').replace(rb"\n", b" ")
        yield str(path), content


@contextlib.contextmanager
def _mapping(sources: Sequence[_Source], job: Job) -> Iterator[Iterable[FileReport]]:
    processes = min(os.cpu_count() or 1, len(sources))
    if processes < 2 or len(sources) < MANY_FILES:
        yield (run_job(path, job, content) for path, content in sources)
        return
    # Fork now, before there are threads, so a worker doesn't have to import anything. On macOS,
    # system libraries don't support a fork.
    can_fork = sys.platform not in ("win32", "darwin")
    context = multiprocessing.get_context("fork" if can_fork else None)
    with context.Pool(processes, _be_a_quiet_worker, (job,)) as pool:
        yield _results(pool, sources)
        pool.close()
        pool.join()


def _results(pool: Pool, sources: Sequence[_Source]) -> Iterator[FileReport]:
    """Like `map`, but with short waits.

    An interrupt just before a wait is raised only after the wait. Without a timeout, that would be
    when the next file is done.
    """
    reports = pool.imap(_work, sources)
    while True:
        try:
            yield reports.next(timeout=_LONGEST_WAIT)
        except multiprocessing.TimeoutError:
            continue
        except StopIteration:
            return


def _be_a_quiet_worker(job: Job) -> None:
    """Ignore interrupts, which the main process handles, and clean up when it ends the pool.

    The job is passed here once, because it lists all files of the program.
    """
    global _job
    _job = job
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


_job = Job()


def _work(source: _Source) -> FileReport:
    path, content = source
    return run_job(path, _job, content)
