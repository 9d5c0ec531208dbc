"""Many files through the codemod, on as many processes as there are processors."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import multiprocessing
import os
import signal
import sys
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Callable, ContextManager, Iterable, Iterator, List, Sequence

from keras_xent.migrate import files, loss_scopes
from keras_xent.migrate.job import FileReport, Job, run_job
from keras_xent.migrate.options import Target
from keras_xent.migrate.surroundings import look_around

# Below this many files, other processes take longer to begin than the work.
MANY_FILES = 16
_LONGEST_WAIT = 0.2  # seconds

Progress = Callable[[int], ContextManager[Callable[[], None]]]


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
    sources = list(files.find_sources(paths))
    chosen = [path for path in sources if _may_be_of_interest(path)]
    scopes = (loss_scopes.find(path, content) for path, content in _contents(chosen))
    loss_scope = next(filter(None, scopes), "")
    if loss_scope:
        options = dataclasses.replace(job.options, loss_scope=loss_scope)
        job = dataclasses.replace(job, options=options)
    if job.options.target is Target.KERAS:
        surroundings = look_around(_contents(sources))
        job = dataclasses.replace(
            job, options=dataclasses.replace(job.options, surroundings=surroundings)
        )
    with _mapping(len(chosen)) as mapping, progress(len(chosen)) as step:
        reports: List[FileReport] = []
        for report in mapping(functools.partial(run_job, job=job), chosen):
            reports.append(report)
            step()
    return Run(len(sources), reports)


def _may_be_of_interest(path: Path) -> bool:
    try:
        return files.of_interest(path.read_bytes())
    except OSError:
        return True  # and its job reports the error


def _contents(paths: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        with contextlib.suppress(OSError):
            content = path.read_bytes()
            if path.suffix == ".ipynb":
                # As Python sees the code: \" is a quote in it, \n the end of a line.
                content = content.replace(rb"\"", b'"').replace(rb"\n", b" ")
            yield str(path), content


@contextlib.contextmanager
def _mapping(count: int) -> Iterator[Callable[..., Iterable[FileReport]]]:
    processes = min(os.cpu_count() or 1, count)
    if processes < 2 or count < MANY_FILES:
        yield map
        return
    # Forked here, before anything has started a thread: a worker then has nothing to import.
    # macOS's own libraries don't stand a fork.
    can_fork = sys.platform not in ("win32", "darwin")
    context = multiprocessing.get_context("fork" if can_fork else None)
    with context.Pool(processes, _be_a_quiet_worker) as pool:
        yield functools.partial(_results, pool)
        pool.close()
        pool.join()


def _results(
    pool: Pool, function: Callable[[Path], FileReport], paths: Sequence[Path]
) -> Iterator[FileReport]:
    """`map`, waiting again and again.

    An interrupt that comes just before a wait is raised when the wait ends: without a timeout,
    that is when the next file is done.
    """
    reports = pool.imap(function, paths)
    while True:
        try:
            yield reports.next(timeout=_LONGEST_WAIT)
        except multiprocessing.TimeoutError:
            continue
        except StopIteration:
            return


def _be_a_quiet_worker() -> None:
    """Leave an interrupt to the main process, and clean up when that ends the pool."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
