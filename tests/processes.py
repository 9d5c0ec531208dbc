"""Programs in processes of their own, forked from one that has imported TensorFlow already.

The import takes seconds. A process that has used TensorFlow can't be forked safely: run as a
program, this file is one that imports TensorFlow, does nothing with it, and forks.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Mapping, Sequence

_ADDRESS = "KERAS_XENT_TESTS_SERVER"


def run(
    arguments: Sequence[str],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: int = 300,
) -> subprocess.CompletedProcess[str]:
    """Like `subprocess.run` of Python with these arguments.

    What is about the import of TensorFlow itself, or about variables that it reads then, needs
    `subprocess`.

    Args:
        arguments: `-c` and a program's text, or a program's path and its arguments.
        env: All of the program's environment; this process's own by default.
        cwd: Where the program runs; where this process does by default.
        timeout: After how many seconds a signal ends the program.
    """
    environment = dict(os.environ if env is None else env)
    with tempfile.TemporaryDirectory() as folder:
        streams = {name: str(Path(folder) / name) for name in ("stdout", "stderr")}
        request = {
            "arguments": [str(argument) for argument in arguments],
            "env": environment,
            "cwd": str(cwd or Path.cwd()),
            "timeout": timeout,
            **streams,
        }
        returncode = _answer(request)
        printed = {
            name: Path(path).read_text(encoding="utf-8", errors="replace")
            for name, path in streams.items()
        }
    return subprocess.CompletedProcess(request["arguments"], returncode, **printed)


def start(arguments: Sequence[str], env: Mapping[str, str], timeout: int = 300) -> int:
    """Starts a program, whose output is dropped, and returns its process id.

    Kill it when it isn't needed any more. A signal ends it after the timeout.
    """
    request = {
        "arguments": [str(argument) for argument in arguments],
        "env": dict(env),
        "cwd": str(Path.cwd()),
        "timeout": timeout,
        "stdout": os.devnull,
        "stderr": os.devnull,
        "in_background": True,
    }
    return _answer(request)


def printed_by(arguments: Sequence[str], **options: Any) -> str:
    """What a program prints that must end well."""
    done = run(arguments, **options)
    assert done.returncode == 0, f"exit status {done.returncode}:\n{done.stderr[-4000:]}"
    return done.stdout


def address() -> str:
    """Where the process listens that imports TensorFlow and forks.

    Started by the first process that asks for it, for the processes that this one starts too: with
    `pytest -n`, those that run the tests share it.
    """
    if _ADDRESS not in os.environ:
        folder = tempfile.mkdtemp()
        atexit.register(shutil.rmtree, folder)
        os.environ[_ADDRESS] = str(Path(folder) / "socket")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.environ[_ADDRESS])
            listener.listen()
            # It ends when its standard input does.
            server = subprocess.Popen(
                [sys.executable, __file__, str(listener.fileno())],
                stdin=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=[listener.fileno()],
                env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            )
        atexit.register(server.communicate)
    return os.environ[_ADDRESS]


def _answer(request: Mapping[str, Any]) -> int:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address())
        with connection.makefile("rw") as stream:
            stream.write(json.dumps(request) + "\n")
            stream.flush()
            return int(stream.readline())


def _next_program(listener: socket.socket) -> dict[str, Any] | None:
    """Forks for every request; in each child returns that request, here None at the end."""
    while _waits(listener):
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            return _asked_for(connection)
        connection.close()
        _forget_those_that_have_ended()
    return None


def _waits(listener: socket.socket) -> bool:
    """Waits for a request or the end: whether it is a request."""
    ready, _, _ = select.select([listener, sys.stdin], [], [])
    return listener in ready


def _asked_for(connection: socket.socket) -> dict[str, Any]:
    """Returns the program that a client asks for in a child, whose exit status it then answers."""
    with connection, connection.makefile("rw") as stream:
        program: dict[str, Any] = json.loads(stream.readline())
        child = os.fork()
        if child == 0:
            return program
        print(child if program.get("in_background") else _exit_status(child), file=stream)
    os._exit(0)


def _exit_status(child: int) -> int:
    _, status = os.waitpid(child, 0)
    # os.waitstatus_to_exitcode is as new as Python 3.9.
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _forget_those_that_have_ended() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _become(program: dict[str, Any]) -> None:
    """Runs a program as Python does, here."""
    for number, path in enumerate([os.devnull, program["stdout"], program["stderr"]]):
        file = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(program["env"])
    os.chdir(program["cwd"])
    signal.alarm(program["timeout"])
    first, *others = program["arguments"]
    if first == "-c":
        sys.argv, sys.path[0] = [first, *others[1:]], ""
        exec(compile(others[0], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv, sys.path[0] = [first, *others], str(Path(first).resolve().parent)
        runpy.run_path(first, run_name="__main__")


def _main() -> None:
    from lean_import import import_tensorflow

    with socket.socket(fileno=int(sys.argv[1])) as listener:
        if not _waits(listener):
            return
        # Looking for garbage is a quarter of the import's time.
        gc.disable()
        import_tensorflow()
        gc.enable()
        # A process that ends would take a second to collect all that the import has made.
        gc.collect()
        gc.freeze()
        requested = _next_program(listener)
    if requested is not None:
        _become(requested)


if __name__ == "__main__":
    _main()
