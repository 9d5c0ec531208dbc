"""Fuzzes the codemod: `python -m fuzz.codemod` (see README.md).

For every program and notebook, and for both targets:

* the codemod returns a report. An error in it is one of those that are documented.
* What it would write is Python (or a notebook) again.
* Lines without a call, a name or an import stay the same, and so does all but the code of a
  notebook.
* A second run changes nothing, unless the first one added a missing `import keras_xent`. It reports
  nothing new, except that it may not know TensorFlow's version any more.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import json
import random
import re
import sys
import warnings
import zlib
from pathlib import Path
from typing import Any

from fuzz import programs

if __name__ == "__main__" and importlib.util.find_spec("atheris"):
    import atheris

    # So that atheris sees which branches an input takes.
    with atheris.instrument_imports(include=["keras_xent_cli"]):
        importlib.import_module("keras_xent_cli.migrate.running.job")
        importlib.import_module("keras_xent_cli.migrate.registry").all_rules()

from keras_xent_cli.migrate.finding import Action, Finding
from keras_xent_cli.migrate.keras_target.surroundings import look_around
from keras_xent_cli.migrate.options import Options, Target
from keras_xent_cli.migrate.running.job import FileReport, Job, run_job
from keras_xent_cli.migrate.tensorflow import eras, loss_scopes

# Errors that are right for some programs. Any other is a bug of the codemod.
_RIGHT_ERRORS = re.compile(
    "|".join(
        [
            *["cannot decode the file: ", "decoding the file as .* would change it"],
            r"cannot parse (cell|line|the code)\b",
            *["not a notebook: ", "notebook format 3 isn't supported"],
            r"line \d+ uses the name \w+ for something else",
            *["too large or deeply nested", "source code string cannot contain null bytes"],
        ]
    )
)


# Python's own limit is 1000 nested calls, and the codemod uses several for each level.
_DEEP = 100


class FoundError(AssertionError):
    """The codemod did something that it must not do."""


def check(content: bytes) -> None:
    """Run the codemod on a program or a notebook.

    Args:
        content: the file. A notebook begins with `{`. A program is also run as a notebook.

    Raises:
        FoundError: something that must hold doesn't.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if content.startswith(b"{"):
            _check_file(Path("fuzzed.ipynb"), content)
            return
        _check_file(Path("fuzzed.py"), content)
        try:
            text = content.decode()
        except UnicodeDecodeError:
            return
        notebook = programs.as_notebook(text, zlib.crc32(content) % 8)
        _check_file(Path("fuzzed.ipynb"), notebook.encode())


def _check_file(path: Path, content: bytes) -> None:
    for target in Target:
        report = port(path, content, target)
        if report.error:
            continue
        new = report.new.encode(report.encoding) if report.changed else content
        if report.changed:
            _check_new(path, report)
        has_ported = any(each.action is Action.PORTED for each in report.findings)
        _hold(report.changed == has_ported, f"changed is {report.changed}", target, report)
        if not report.findings:
            continue  # the second run gets the same file, which may be no notebook at all
        if report.changed and _adds_our_import(_code(path, report.old), _code(path, report.new)):
            continue  # with it, there is more to port
        again = port(path, new, target)
        _hold(not again.error, f"the second run fails: {again.error}", target, report)
        _hold(not again.changed, f"a second run changes it again to\n{again.new}", target, report)
        more = [each for each in again.findings if not _is_known(each, report)]
        _hold(not more, f"a second run reports something new: {more}", target, report)


_OUR_IMPORT = re.compile(r"(?:^|\r)[ \t]*(?:import|from)\s+keras_xent\b", re.MULTILINE)


def _code(path: Path, text: str) -> str:
    return "\n".join(_pop_code(text)[0]) if text and path.suffix == ".ipynb" else text


def _adds_our_import(old: str, new: str) -> bool:
    """Whether the old code uses names of ours, and lacks an import that the new code has."""
    return "keras_xent" in old and len(_OUR_IMPORT.findall(old)) < len(_OUR_IMPORT.findall(new))


def _is_known(finding: Finding, report: FileReport) -> bool:
    """Whether an earlier report has such a finding, perhaps about the name before the port.

    A port may replace the only names that show TensorFlow's version.
    """
    if report.changed and eras.UNKNOWN in finding.message:
        return True
    stays = "stays on v1"
    return any(
        finding.rule == each.rule or (stays in finding.message and stays in each.message)
        for each in report.findings
    )


def port(path: Path, content: bytes, target: Target) -> FileReport:
    """What the command would do with a file that is alone.

    Raises:
        FoundError: there is an error that isn't documented.
    """
    surroundings = look_around([(str(path), content)])
    scopes = loss_scopes.look_for([(path, content)])
    report = run_job(path, Job(options=Options(target, surroundings, scopes)), content)
    is_right = _RIGHT_ERRORS.search(report.error or "")
    if "deeply nested" in (report.error or ""):
        is_right = is_right and _is_deep(content)
    if report.error and not is_right:
        raise FoundError(f"--to {target.value}: {report.error}")
    return report


def _is_deep(content: bytes) -> bool:
    """Whether a program is so deeply nested that an error is right. Any notebook may be."""
    if content.startswith(b"{"):
        return True
    try:
        level: list[ast.AST] = [ast.parse(content)]
    except (RecursionError, MemoryError):
        return True
    depth = 0
    while level:
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        depth += 1
    return depth > _DEEP


def _check_new(path: Path, report: FileReport) -> None:
    if path.suffix != ".ipynb":
        _check_code(report.old, report.new, report)
        return
    (old_cells, old_rest), (new_cells, new_rest) = map(_pop_code, (report.old, report.new))
    _hold(old_rest == new_rest, "something other than code has changed", None, report)
    for old, new in zip(old_cells, new_cells):
        # A cell may have IPython's magics, which aren't Python.
        if old != new and _parses(old):
            _check_code(old, new, report)


def _check_code(old: str, new: str, report: FileReport) -> None:
    _hold(_parses(new), "code that doesn't parse", None, report)
    rest = iter(_lines(new))
    lost = next((line for line in _lines_to_keep(old) if line not in rest), None)
    _hold(lost is None, f"the line {lost!r} has changed", None, report)


def _parses(code: str) -> bool:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError):
        return False
    return True


def _pop_code(text: str) -> tuple[list[str], Any]:
    """The code of a notebook's code cells, and everything else."""
    notebook = json.loads(text)
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return ["".join(cell.pop("source")) for cell in cells], notebook


def _lines(text: str) -> list[str]:
    return re.split(r"\r\n|\r|\n", text)


def _lines_to_keep(text: str) -> list[str]:
    """The lines that no call, use of a name or import is on, in which nothing may change."""
    lines = _lines(text)
    touched: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Import, ast.ImportFrom, ast.Call, ast.Attribute, ast.Name)):
            touched.update(range(node.lineno - 1, (node.end_lineno or node.lineno)))
        if isinstance(node, ast.Assign):  # may lose its last use
            touched.update(range(node.lineno - 1, (node.end_lineno or node.lineno)))
    if "\f" in text or ";" in text:
        return []  # there, lines of statements differ from lines of text
    return [line for number, line in enumerate(lines) if number not in touched]


def _hold(condition: bool, what: str, target: Target | None, report: FileReport) -> None:
    if not condition:
        where = f"--to {target.value}: " if target else ""
        raise FoundError(f"{where}{what}\n---- {report.path} became\n{report.new}")


def inputs(count: int, seed: int) -> list[bytes]:
    """Random programs and notebooks, always the same for a seed."""
    rng = random.Random(seed)
    pool = programs.seeds()
    made: list[bytes] = []
    for _ in range(count):
        text = programs.mutated(rng.choice(pool), [t for t in pool if not t.startswith("{")], rng)
        made.append(text.encode(errors="replace"))
    return made


def main() -> int:
    """Fuzz, or run given files once."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.codemod", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="run these files once, and stop")
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--found", type=Path, default=Path("build", "codemod_fuzz"))
    args = parser.parse_args()
    if args.files:
        for path in args.files:
            check(path.read_bytes())
        return 0
    _fuzz(args.seconds, args.found)
    return 0


def _fuzz(seconds: int, found: Path) -> None:
    if "atheris" not in sys.modules:
        sys.exit("fuzz.codemod: atheris is missing: pip install -e '.[fuzz]'")
    corpus = found / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    tests = Path(__file__).parents[1] / "tests" / "migrate"
    pool = [
        text
        for text in [*programs.seeds(), *programs.seeds_of_tests(tests)]
        if not text.startswith("{")
    ]

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        rng = random.Random(seed)
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return atheris.Mutate(data, max_size)
        if rng.random() < 0.02 or not text:
            text = rng.choice(pool)
        return programs.mutated(text, pool, rng).encode(errors="replace")[:max_size]

    arguments = [
        *[sys.argv[0], f"-max_total_time={seconds}", "-max_len=8000", "-timeout=120"],
        *["-len_control=0", "-rss_limit_mb=4096", "-print_final_stats=1"],
        *[f"-artifact_prefix={found}/", str(corpus)],
        *[str(programs.CORPUS), str(programs.GUIDE)],
    ]
    atheris.Setup(arguments, check, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
