"""Runs the tests of one mutant after the other, in a copy of the tree.

Each run is a process forked from one that has imported TensorFlow, which takes seconds, and hasn't
used it, so it can be forked safely.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Sequence

from mutation.mutants import Mutant

_SURVIVED, _FAILED, _USAGE_ERROR = 0, 1, 4


class Worker:
    """A copy of the tree, and a server that runs tests in it."""

    def __init__(self, root: Path, tree: Path) -> None:
        listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=root, text=True)
        names = [name for name in listed.split("\0") if name and (root / name).is_file()]
        library = Path("keras_xent", "ops", "libkeras_xent.so")
        for name in [*names, *([str(library)] if (root / library).exists() else [])]:
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, tree / name)
        self._tree = tree
        # Python and pytest recompile a file only if its time differs.
        self._time = int(time.time())
        self._server = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("server.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=tree,
            env={
                **os.environ,
                "TF_CPP_MIN_LOG_LEVEL": "3",
                "CUDA_VISIBLE_DEVICES": "-1",
                "PYTHONPATH": str(tree),
            },
        )

    def run(self, mutant: Mutant, groups: Sequence[Sequence[str]]) -> dict[str, Any]:
        """Whether a test fails with this mutant. The groups run one after the other."""
        path = self._tree / mutant.path
        original = path.read_bytes()
        start = time.monotonic()
        try:
            self._write(path, mutant.code.encode())
            for number, tests in enumerate(groups):
                status, output = self._pytest(tests)
                # Of the first group, a test's name may depend on the mutant: only a failure counts.
                if status == _FAILED or (number > 0 and status != _SURVIVED):
                    break
        finally:
            self._write(path, original)
        outcome = {_SURVIVED: "survived", -signal.SIGALRM: "timeout"}.get(status, "killed")
        if status == _USAGE_ERROR and "ERROR: not found" in output:
            # Its tests have other names now, or because of the mutant.
            outcome = "tests not found"
        failed = re.findall(r"^FAILED (.*?)(?: - .*)?$", output, re.MULTILINE)
        return {
            "mutant": mutant.name,
            "outcome": outcome,
            "line": mutant.line,
            "change": mutant.change,
            "seconds": round(time.monotonic() - start, 1),
            "status": status,
            "by": failed[-1] if failed else "",
        }

    def _write(self, path: Path, code: bytes) -> None:
        path.write_bytes(code)
        self._time += 1
        os.utime(path, (self._time, self._time))

    def _pytest(self, tests: Sequence[str]) -> tuple[int, str]:
        if not tests:
            return _SURVIVED, ""
        assert self._server.stdin and self._server.stdout
        output = self._tree / "mutant.log"
        self._server.stdin.write(json.dumps({"tests": list(tests), "output": str(output)}) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline()), output.read_text(errors="replace")

    def close(self) -> None:
        """Ends the server."""
        self._server.communicate()
