"""TensorFlow's start, which takes up to a quarter of a minute: announced, quiet, interruptible."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import signal
import sys
import tempfile
from typing import Iterator

_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


def load_tensorflow() -> None:
    """Import TensorFlow and start its devices without the log lines this prints.

    TensorFlow logs a dozen lines about CPUs and missing GPUs that have nothing to do with the
    command and hide its output. ``TF_CPP_MIN_LOG_LEVEL`` is enough for older versions; newer ones
    (2.21 for one) ignore it while they are imported, so standard error is set aside too.

    A user who has set ``TF_CPP_MIN_LOG_LEVEL`` wants that log: then nothing is hidden. If
    TensorFlow cannot be imported, the log is printed after all, and the command goes on: it is
    the command that says what is wrong.
    """
    with _announced("Loading TensorFlow ..."), _ended_by_an_interrupt():
        if _LOG_LEVEL in os.environ:
            _start()
            return
        # 3 leaves fatal errors only: on machines without a GPU a plain start logs errors.
        os.environ[_LOG_LEVEL] = "3"
        # v1 functions are called here on purpose; their deprecation warnings would be noise.
        logging.getLogger("tensorflow").setLevel(logging.ERROR)
        with tempfile.TemporaryFile() as log:
            with _standard_error_in(log.fileno()):
                started = _start()
            if not started:
                log.seek(0)
                sys.stderr.write(log.read().decode(errors="replace"))


def _start() -> bool:
    """Whether TensorFlow starts. If not, the command meets the error again and reports it."""
    try:
        _start_tensorflow()
    except Exception:
        return False
    return True


def _start_tensorflow() -> None:
    # Each line sets off log lines that TensorFlow prints once in a process: on import, when it
    # looks for devices, and when the first session runs (the demo's TF1 training has one).
    tensorflow = importlib.import_module("tensorflow")
    tensorflow.config.list_physical_devices()
    with tensorflow.Graph().as_default(), tensorflow.compat.v1.Session() as session:
        session.run(tensorflow.constant(0))


@contextlib.contextmanager
def _announced(text: str) -> Iterator[None]:
    """Shows a line on standard error at once. A terminal clears it at the end."""
    if not sys.stderr.isatty():
        print(text, file=sys.stderr, flush=True)
        yield
        return
    print(text, end="", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


@contextlib.contextmanager
def _ended_by_an_interrupt() -> Iterator[None]:
    """Ctrl-C ends the process, with exit code 130.

    It raises no KeyboardInterrupt here: while TensorFlow is imported, its modules catch some of
    these, and others become an ImportError.
    """
    shown = os.dup(2)

    def leave(*_: object) -> None:
        if os.isatty(shown):
            os.write(shown, b"\n")  # The shell's prompt begins a line.
        os._exit(130)

    before = signal.signal(signal.SIGINT, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        os.close(shown)


@contextlib.contextmanager
def _standard_error_in(descriptor: int) -> Iterator[None]:
    """Sends what C++ code writes to standard error, too, to another file."""
    sys.stderr.flush()
    real = os.dup(2)
    os.dup2(descriptor, 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(real, 2)
        os.close(real)
