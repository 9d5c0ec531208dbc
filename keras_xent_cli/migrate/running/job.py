"""Runs the codemod on one file."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import re
from pathlib import Path
from typing import Callable, Iterator

from keras_xent_cli.migrate.engine import check_still_parses, examine, port
from keras_xent_cli.migrate.finding import Action, Finding
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import chosen_rules
from keras_xent_cli.migrate.running import files
from keras_xent_cli.migrate.running.notebook import Cell, Notebook, first_syntax_error
from keras_xent_cli.migrate.running.program import Place, Program
from keras_xent_cli.migrate.source import unparsed
from keras_xent_cli.migrate.source.edits import apply
from keras_xent_cli.migrate.source.lines import Lines

# The rule for names that may be something else.
_UNRESOLVED = "KX110"

# Python 3's errors for `print x`, `exec x`, `except E, e:`, `0777`, and tabs mixed with spaces.
_PYTHON_2 = re.compile(r"print|exec|multiple exception types|leading zeros|tabs and spaces")


@dataclasses.dataclass(frozen=True)
class Job:
    """What to do with every file.

    Args:
        select: see `registry.chosen_rules`.
        ignore: see `registry.chosen_rules`.
        options: for the rules.
        write: whether to write the files.
        program: all files of the run.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    options: Options = dataclasses.field(default_factory=Options)
    write: bool = False
    program: Program = dataclasses.field(default_factory=Program)


@dataclasses.dataclass(frozen=True)
class FileReport:
    """The result for one file.

    Args:
        path: as the user passed it, or as found in a directory.
        old: its text, as far as it could be read.
        new: its text after the port.
        findings: in the order of the text.
        error: why it stays unchanged, or None.
        encoding: the encoding to write it in.
    """

    path: str
    old: str = ""
    new: str = ""
    findings: tuple[Finding, ...] = ()
    error: str | None = None
    encoding: str = "utf-8"

    @property
    def changed(self) -> bool:
        """Whether the port changed the text."""
        return self.error is None and self.old != self.new


def run_job(path: Path, job: Job, content: bytes | None = None) -> FileReport:
    """Port one file, but don't write it yet: other files may need its old content.

    Args:
        path: the file.
        job: what to do.
        content: its content; None to read it here.
    """
    with _collector_paused():
        return _reported(path, lambda: _run(path, job, content))


def write(report: FileReport) -> FileReport:
    """Write a ported file, if it has changed.

    Returns:
        The report, or one with the reason why it couldn't be written.
    """
    if not report.changed:
        return report
    path = Path(report.path)
    return _reported(path, lambda: _write(path, report))


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause Python's garbage collector, which searches a growing syntax tree again and again.

    It finds nothing, and takes half of the time for a file with 200,000 lines.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _reported(path: Path, step: Callable[[], FileReport]) -> FileReport:
    """The result of a step. An error becomes part of it, so the other files are still ported."""
    try:
        return step()
    except SyntaxError as error:
        return FileReport(str(path), error=_syntax(error))
    except (OSError, ValueError) as error:
        return FileReport(str(path), error=_reason(error))
    except (RecursionError, MemoryError) as error:
        return FileReport(str(path), error=f"too large or deeply nested: {type(error).__name__}")
    except Exception as error:
        return FileReport(
            str(path),
            error=f"the codemod failed ({type(error).__name__}: {error}), so the file stays "
            "unchanged. Please report this",
        )


def _run(path: Path, job: Job, content: bytes | None) -> FileReport:
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
    text.encode(new)  # can fail, so try it before anything is written
    return FileReport(str(path), text.text, new, findings, encoding=text.encoding)


def _write(path: Path, report: FileReport) -> FileReport:
    old = files.Text(report.old, report.encoding)
    files.write_atomically(path, old.encode(report.old), old.encode(report.new))
    return report


def _port(path: Path, text: str, job: Job) -> tuple[str, tuple[Finding, ...]]:
    rules = chosen_rules(job.select, job.ignore)
    place = Place(job.program, path.absolute())
    if path.suffix != ".ipynb":
        return port(text, rules, job.options, place)
    notebook = Notebook(text)
    # Code that begins in one cell and ends in the next would be Python only in the whole source.
    found = first_syntax_error(notebook)
    if found:
        cell, problem = found
        raise ValueError(_syntax(problem, f"cell {cell.number}")) from problem
    outcome = examine(notebook.source, rules, job.options, place)
    for cell, problem in notebook.unparsed:
        if outcome.findings and _PYTHON_2.search(problem.msg):
            raise ValueError(_syntax(problem, f"cell {cell.number}"))
    check_still_parses(apply(notebook.source, outcome.edits))
    findings = [_in_cell(notebook, offset, finding) for offset, finding in outcome.findings]
    if any(rule.code == _UNRESOLVED for rule in rules):
        findings += [_unread(*place) for place in notebook.unread]
    return notebook.with_edits(outcome.edits), tuple(findings)


def _unread(cell: Cell, offset: int, name: str) -> Finding:
    """A function's name in a line or a cell that only IPython can run."""
    line, column = Lines(cell.source).place(offset)
    return Finding(
        line,
        column,
        _UNRESOLVED,
        Action.FLAGGED,
        f"cell {cell.number}: {name} follows a magic, and the codemod doesn't port code after a "
        "magic. If it is TF1's function, move it away from the magic and run the codemod again, or "
        "use keras_xent.v1",
    )


def _in_cell(notebook: Notebook, offset: int, finding: Finding) -> Finding:
    cell, within = notebook.cell_at(offset)
    line, _ = Lines(cell.source).place(within)
    return dataclasses.replace(finding, line=line, message=f"cell {cell.number}: {finding.message}")


def _syntax(error: SyntaxError, cell: str = "") -> str:
    line = f"line {error.lineno}" if error.lineno else ""
    place = ", ".join(filter(None, [cell, line])) or "the code"
    is_python_2 = _PYTHON_2.search(error.msg)
    hint = " (if this is Python 2, convert it to Python 3 first)" if is_python_2 else ""
    return f"cannot parse {place}: {error.msg}{hint}"


def _reason(error: Exception) -> str:
    return str(error) if not isinstance(error, OSError) else error.strerror or str(error)
