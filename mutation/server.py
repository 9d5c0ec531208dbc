"""Forks a process for the tests of each mutant. It has imported TensorFlow, and not used it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from typing import Any

_TIMEOUT = 300
_OPTIONS = [
    *["-x", "-q", "--tb=line", "-p", "no:cacheprovider"],
    *["-o", "addopts=--import-mode=importlib"],
]


def _serve() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            _test(request)
        _, status = os.waitpid(child, 0)
        # What the tests have started.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        signaled = os.WIFSIGNALED(status)
        print(-os.WTERMSIG(status) if signaled else os.WEXITSTATUS(status), flush=True)


def _test(request: dict[str, Any]) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    file = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number, stream in enumerate([null, file, file]):
        os.dup2(stream, number)
    signal.alarm(_TIMEOUT)
    import pytest

    code = pytest.main([*_OPTIONS, *request["tests"]])
    sys.stdout.flush()
    # Without the interpreter's own end, which waits for TensorFlow's threads.
    os._exit(int(code))


if __name__ == "__main__":
    import hypothesis  # noqa: F401
    import libcst  # noqa: F401
    import pytest  # noqa: F401
    import tensorflow

    tensorflow.keras.losses  # noqa: B018  (imports Keras)
    _serve()
