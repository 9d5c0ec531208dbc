"""Many files through the codemod, on as many processes as there are processors."""

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
    List,
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

# Below this many files, other processes take longer to begin than the work.
MANY_FILES = 16
_LONGEST_WAIT = 0.2  # seconds

Progress = Callable[[int], ContextManager[Callable[[], None]]]
# A file, and what was read from it; None where that failed, so that its job reports it.
_Source = Tuple[Path, Optional[bytes]]


@dataclasses.dataclass(frozen=True)
class Run:
    """What came of all files.

    Args:
        looked_at: How many there were.
        reports: Of those that contain something to port, or couldn't be read.
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
        paths: See `files.find_sources`.
        job: What to do with each file.
        progress: Shows how far it is: given the number of files, a context in which to call the
            function that it gives after each.

    Raises:
        FileNotFoundError: a path that isn't there.
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
        reports: List[FileReport] = []
        for report in mapped:
            reports.append(report)
            step()
    if job.write:  # when every file has been read that another asks for
        reports = list(map(write, reports))
    return Run(len(reading.paths), reports)


class _Reading:
    """The sources, read once: what passes is looked at, and kept if it may be of interest."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.paths = list(paths)
        self.chosen: List[_Source] = []

    def __iter__(self) -> Iterator[Tuple[Path, bytes]]:
        for path in self.paths:
            try:
                content = path.read_bytes()
            except OSError:
                self.chosen.append((path, None))
                continue
            if files.of_interest(content):
                self.chosen.append((path, content))
            yield path, content


def _contents(sources: Iterable[Tuple[Path, bytes]]) -> Iterator[Tuple[str, bytes]]:
    for path, content in sources:
        if path.suffix == ".ipynb":
            # As Python sees the code: \" is a quote in it, \n the end of a line.
            content = content.replace(rb"\"", b'"').replace(rb"\n", b" ")
        yield str(path), content


@contextlib.contextmanager
def _mapping(sources: Sequence[_Source], job: Job) -> Iterator[Iterable[FileReport]]:
    processes = min(os.cpu_count() or 1, len(sources))
    if processes < 2 or len(sources) < MANY_FILES:
        yield (run_job(path, job, content) for path, content in sources)
        return
    # Forked here, before anything has started a thread: a worker then has nothing to import.
    # macOS's own libraries don't stand a fork.
    can_fork = sys.platform not in ("win32", "darwin")
    context = multiprocessing.get_context("fork" if can_fork else None)
    with context.Pool(processes, _be_a_quiet_worker, (job,)) as pool:
        yield _results(pool, sources)
        pool.close()
        pool.join()


def _results(pool: Pool, sources: Sequence[_Source]) -> Iterator[FileReport]:
    """`map`, waiting again and again.

    An interrupt that comes just before a wait is raised when the wait ends: without a timeout,
    that is when the next file is done.
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
    """Leave an interrupt to the main process, and clean up when that ends the pool.

    The job comes here, once: it lists all files of the program.
    """
    global _job
    _job = job
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


_job = Job()


def _work(source: _Source) -> FileReport:
    path, content = source
    return run_job(path, _job, content)
