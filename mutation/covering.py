"""Which tests run a line, from one run of the whole suite under coverage.

A mutant's tests are those that run its line: the file's own before others, and quick ones before
slow ones.
"""

from __future__ import annotations

import functools
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path
from typing import Iterable

import coverage

from mutation.targets import TARGETS

# So many of a test's parameters run before any of these tests runs with more.
_AT_FIRST = 3


class Covering:
    """The tests that run each line of the files in TARGETS.

    Args:
        root: The repository.
        folder: Where the result of the suite's run is kept. If there is none, the suite runs.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self._root = root
        data, report = folder / "coverage", folder / "suite.xml"
        if not (data.exists() and report.exists()):
            _run_suite(root, folder, data, report)
        self._data = coverage.CoverageData(str(data))
        self._data.read()
        self._seconds = {
            f"{case.get('classname')}.{case.get('name')}": float(case.get("time") or 0)
            for case in ElementTree.parse(report).iter("testcase")
        }

    def tests(self, path: str, line: int, own: list[str], seconds: float) -> list[str]:
        """The tests that run a line, for so many seconds.

        Those of the whole file, if the line runs when the file is imported.
        """
        of_lines = self._of_lines(path)
        # A statement's first line stands for the others.
        at = max((each for each in of_lines if each <= line), default=0)
        names = of_lines.get(at) or set().union(*of_lines.values())
        chosen, total = [], 0.0
        for name in self._ordered(names, own):
            total += self._seconds.get(_name_in_report(name), 1.0)
            if chosen and total > seconds:
                break
            chosen.append(name)
        return chosen

    def _ordered(self, names: Iterable[str], own: list[str]) -> list[str]:
        def duration(name: str) -> float:
            return self._seconds.get(_name_in_report(name), 1.0)

        number: Counter[str] = Counter()
        ordered = []
        for name in sorted(names, key=lambda name: (duration(name), name)):
            function = name.partition("[")[0]
            is_own = function.partition("::")[0] in own
            ordered.append((not is_own, number[function] // _AT_FIRST, duration(name), name))
            number[function] += 1
        return [name for *_, name in sorted(ordered)]

    @functools.lru_cache(maxsize=None)  # noqa: B019  (one object for the whole run)
    def _of_lines(self, path: str) -> dict[int, set[str]]:
        lines = self._data.contexts_by_lineno(str(self._root / path))
        return {
            line: {context.rpartition("|")[0] for context in contexts if context}
            for line, contexts in lines.items()
        }


def _name_in_report(name: str) -> str:
    """A test's name as pytest's report has it: with dots instead of slashes and colons."""
    function, bracket, parameters = name.partition("[")
    path, _, rest = function.partition("::")
    return f"{path[:-3].replace('/', '.')}.{rest.replace('::', '.')}{bracket}{parameters}"


def _run_suite(root: Path, folder: Path, data: Path, report: Path) -> None:
    print("the suite runs once under coverage", flush=True)
    # pytest-cov removes files whose names begin with that of the data.
    config = folder / "config.ini"
    files = "\n    ".join(TARGETS)
    config.write_text(f"[run]\ndata_file = {data}\ninclude =\n    {files}\n", encoding="utf-8")
    subprocess.run(
        [
            *[sys.executable, "-m", "pytest", "-q", "-n", "auto", f"--junitxml={report}"],
            *["--cov", f"--cov-config={config}", "--cov-context=test", "--cov-report="],
        ],
        cwd=root,
        check=True,
    )
