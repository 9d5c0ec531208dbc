"""Loads TensorFlow, which takes up to 15 seconds.

It shows a message, hides TensorFlow's log, and can be interrupted.
"""

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
    """Import TensorFlow and keras_xent, and start the devices, without TensorFlow's log lines.

    TensorFlow logs a dozen lines about CPUs and missing GPUs that have nothing to do with the
    command and hide its output. `TF_CPP_MIN_LOG_LEVEL` is enough for older versions. Newer ones
    (such as 2.21) ignore it while they are imported, so standard error is redirected too.

    If the user has set `TF_CPP_MIN_LOG_LEVEL`, nothing is hidden. If TensorFlow can't be
    imported, the log is printed after all, and the command continues and reports the error.
    """
    with _announced("Loading TensorFlow ..."), _ended_by_an_interrupt():
        if _LOG_LEVEL in os.environ:
            _start()
            return
        # 3 shows only fatal errors: on machines without a GPU, a normal start logs errors.
        os.environ[_LOG_LEVEL] = "3"
        # The commands call v1 functions on purpose, so deprecation warnings would be noise.
        logging.getLogger("tensorflow").setLevel(logging.ERROR)
        with tempfile.TemporaryFile() as log:
            with _standard_error_in(log.fileno()):
                started = _start()
            if not started:
                log.seek(0)
                sys.stderr.write(log.read().decode(errors="replace"))


def _start() -> bool:
    """Whether TensorFlow starts. If it doesn't, the command gets the error again and reports it."""
    try:
        _start_tensorflow()
    except Exception:
        return False
    return True


def _start_tensorflow() -> None:
    # Each line triggers log lines that TensorFlow prints once per process: on import, when it looks
    # for devices, and when the first session runs (the demo's TF1 training has one).
    tensorflow = importlib.import_module("tensorflow")
    tensorflow.config.list_physical_devices()
    with tensorflow.Graph().as_default(), tensorflow.compat.v1.Session() as session:
        session.run(tensorflow.constant(0))
    # It imports Keras, which takes seconds too. The command reports an error of this import.
    with contextlib.suppress(Exception):
        importlib.import_module("keras_xent")


@contextlib.contextmanager
def _announced(text: str) -> Iterator[None]:
    """Shows a line on standard error immediately. In a terminal, it is cleared at the end."""
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

    It doesn't raise KeyboardInterrupt: while TensorFlow is imported, its modules catch some of
    these, and turn others into ImportError.
    """
    shown = os.dup(2)

    def leave(*_: object) -> None:
        if os.isatty(shown):
            os.write(shown, b"\n")  # So the shell's prompt starts on a new line.
        os._exit(130)

    before = signal.signal(signal.SIGINT, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        os.close(shown)


@contextlib.contextmanager
def _standard_error_in(descriptor: int) -> Iterator[None]:
    """Redirects standard error to another file, including what C++ code writes."""
    sys.stderr.flush()
    real = os.dup(2)
    os.dup2(descriptor, 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(real, 2)
        os.close(real)
