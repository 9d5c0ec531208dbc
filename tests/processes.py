"""Programs in processes of their own, forked from one that has imported TensorFlow already.

The import takes seconds. A process that has used TensorFlow can't be forked safely: run as a
program, this file is one that imports TensorFlow, does nothing with it, and forks.
"""

from __future__ import annotations

import atexit
import functools
import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Mapping, Sequence


def run(
    arguments: Sequence[str],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: int = 300,
) -> subprocess.CompletedProcess[str]:
    """Like `subprocess.run` of Python with these arguments.

    What is about the import of TensorFlow itself, or about variables that it reads then (other
    than TF_USE_LEGACY_KERAS), needs `subprocess`.

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
        server = _server(environment.get("TF_USE_LEGACY_KERAS", ""))
        returncode = _answer(server, request)
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
    return _answer(_server(env.get("TF_USE_LEGACY_KERAS", "")), request)


def printed_by(arguments: Sequence[str], **options: Any) -> str:
    """What a program prints that must end well."""
    done = run(arguments, **options)
    assert done.returncode == 0, f"exit status {done.returncode}:\n{done.stderr[-4000:]}"
    return done.stdout


def _answer(server: subprocess.Popen[str], request: Mapping[str, Any]) -> int:
    assert server.stdin and server.stdout
    server.stdin.write(json.dumps(request) + "\n")
    server.stdin.flush()
    return int(server.stdout.readline())


@functools.lru_cache(maxsize=None)
def _server(legacy_keras: str) -> subprocess.Popen[str]:
    """It ends when its standard input does."""
    server = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={
            **os.environ,
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_USE_LEGACY_KERAS": legacy_keras,
        },
    )
    atexit.register(server.communicate)
    return server


def _next_program() -> dict[str, Any] | None:
    """Forks for every request; in each child returns that request, here None at the end."""
    for line in sys.stdin:
        program = json.loads(line)
        child = os.fork()
        if child == 0:
            return program
        if program.get("in_background"):
            print(child, flush=True)
            continue
        _, status = os.waitpid(child, 0)
        # os.waitstatus_to_exitcode is as new as Python 3.9.
        signaled = os.WIFSIGNALED(status)
        print(-os.WTERMSIG(status) if signaled else os.WEXITSTATUS(status), flush=True)
    return None


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


if __name__ == "__main__":
    from lean_import import import_tensorflow

    # Looking for garbage is a quarter of the import's time.
    gc.disable()
    import_tensorflow()
    gc.enable()
    # A process that ends would take a second to collect all that the import has made.
    gc.collect()
    gc.freeze()
    requested = _next_program()
    if requested is not None:
        _become(requested)
