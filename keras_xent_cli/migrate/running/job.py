"""One file through the codemod."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import re
from pathlib import Path
from typing import Callable, Iterator, Optional, Tuple

from keras_xent_cli.migrate.engine import check_still_parses, examine, port
from keras_xent_cli.migrate.finding import Action, Finding
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import chosen_rules
from keras_xent_cli.migrate.running import files
from keras_xent_cli.migrate.running.notebook import Cell, Notebook, first_syntax_error
from keras_xent_cli.migrate.running.program import Place, Program
from keras_xent_cli.migrate.source import unparsed
from keras_xent_cli.migrate.source.edits import apply

# The rule for names of which it can't be told what they are.
_UNRESOLVED = "KX110"

# What Python 3 says of `print x`, `exec x`, `except E, e:`, `0777`, and tabs among spaces.
_PYTHON_2 = re.compile(r"print|exec|multiple exception types|leading zeros|tabs and spaces")


@dataclasses.dataclass(frozen=True)
class Job:
    """What to do with every file.

    Args:
        select: See `registry.chosen_rules`.
        ignore: See `registry.chosen_rules`.
        options: For the rules.
        write: Whether to write the files.
        program: All files of the run.
    """

    select: Tuple[str, ...] = ()
    ignore: Tuple[str, ...] = ()
    options: Options = dataclasses.field(default_factory=Options)
    write: bool = False
    program: Program = dataclasses.field(default_factory=Program)


@dataclasses.dataclass(frozen=True)
class FileReport:
    """What came of one file.

    Args:
        path: As the user gave it or the directory listed it.
        old: Its text, as far as it could be read.
        new: Its text after the port.
        findings: In the order of the text.
        error: Why it was left as it is, or None.
        encoding: In which it is written.
    """

    path: str
    old: str = ""
    new: str = ""
    findings: Tuple[Finding, ...] = ()
    error: Optional[str] = None
    encoding: str = "utf-8"

    @property
    def changed(self) -> bool:
        """Whether the port differs."""
        return self.error is None and self.old != self.new


def run_job(path: Path, job: Job, content: Optional[bytes] = None) -> FileReport:
    """Port one file, and write nothing yet: others may have to know what it was.

    Args:
        path: The file.
        job: What to do.
        content: What was read from it; None to read it here.
    """
    with _collector_paused():
        return _reported(path, lambda: _run(path, job, content))


def write(report: FileReport) -> FileReport:
    """Write what a file has become, if it has changed.

    Returns:
        The report, or one of why it could not be written.
    """
    if not report.changed:
        return report
    path = Path(report.path)
    return _reported(path, lambda: _write(path, report))


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    """Python's collector looks through a large syntax tree again and again while it grows.

    It finds nothing, and takes half of the time that a file of 200,000 lines takes.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _reported(path: Path, step: Callable[[], FileReport]) -> FileReport:
    """What came of a step, which may be an error: that must not take the other files with it."""
    try:
        return step()
    except SyntaxError as error:
        return FileReport(str(path), error=_syntax(error))
    except (OSError, ValueError) as error:
        return FileReport(str(path), error=_reason(error))
    except (RecursionError, MemoryError) as error:
        return FileReport(str(path), error=f"too large or too nested: {type(error).__name__}")
    except Exception as error:
        return FileReport(
            str(path),
            error=f"the codemod failed ({type(error).__name__}: {error}); it is left. Please "
            "report this",
        )


def _run(path: Path, job: Job, content: Optional[bytes]) -> FileReport:
    if content is None:
        content = path.read_bytes()
    if not files.of_interest(content):
        return FileReport(str(path))
    text = files.decode(content)
    try:
        new, findings = _port(path, text.text, job)
    except SyntaxError:
        if unparsed.may_hold(text.text):
            raise
        return FileReport(str(path))
    text.encode(new)  # which can fail, and had better do so before anything is written
    return FileReport(str(path), text.text, new, findings, encoding=text.encoding)


def _write(path: Path, report: FileReport) -> FileReport:
    old = files.Text(report.old, report.encoding)
    files.write_atomically(path, old.encode(report.old), old.encode(report.new))
    return report


def _port(path: Path, text: str, job: Job) -> Tuple[str, Tuple[Finding, ...]]:
    rules = chosen_rules(job.select, job.ignore)
    place = Place(job.program, path.absolute())
    if path.suffix != ".ipynb":
        return port(text, rules, job.options, place)
    notebook = Notebook(text)
    try:
        outcome = examine(notebook.source, rules, job.options, place)
    except SyntaxError as error:
        raise ValueError(_syntax_in_notebook(notebook, error)) from error
    for cell, problem in notebook.unparsed:
        if outcome.findings and _PYTHON_2.search(problem.msg):
            raise ValueError(_syntax(problem, f"cell {cell.number}, "))
    check_still_parses(apply(notebook.source, outcome.edits))
    found = [_in_cell(notebook, offset, finding) for offset, finding in outcome.findings]
    if any(rule.code == _UNRESOLVED for rule in rules):
        found += [_unread(*place) for place in notebook.unread]
    return notebook.with_edits(outcome.edits), tuple(found)


def _unread(cell: Cell, offset: int, name: str) -> Finding:
    """A name of one of the functions in a line or a cell that only IPython reads."""
    before = cell.source[:offset]
    return Finding(
        before.count("\n") + 1,
        offset - before.rfind("\n"),
        _UNRESOLVED,
        Action.FLAGGED,
        f"cell {cell.number}: {name} stands behind a magic, where nothing is ported. If it is "
        "TensorFlow 1's, take it out of there and run this again, or write keras_xent.v1's",
    )


def _in_cell(notebook: Notebook, offset: int, finding: Finding) -> Finding:
    cell, within = notebook.cell_at(offset)
    line = cell.source.count("\n", 0, within) + 1
    return dataclasses.replace(finding, line=line, message=f"cell {cell.number}: {finding.message}")


def _syntax_in_notebook(notebook: Notebook, error: SyntaxError) -> str:
    found = first_syntax_error(notebook)
    if found is None:
        return _syntax(error)
    cell, error = found
    return _syntax(error, f"cell {cell.number}, ")


def _syntax(error: SyntaxError, cell: str = "") -> str:
    place = f"{cell}line {error.lineno}: " if error.lineno else cell
    hint = "; if this is Python 2, run 2to3 on it first" if _PYTHON_2.search(error.msg) else ""
    return f"cannot parse it: {place}{error.msg}{hint}"


def _reason(error: Exception) -> str:
    return str(error) if not isinstance(error, OSError) else error.strerror or str(error)
