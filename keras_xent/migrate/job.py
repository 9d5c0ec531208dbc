"""One file through the codemod."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import re
from pathlib import Path
from typing import Iterator, Optional, Tuple

from keras_xent.migrate import files, unparsed
from keras_xent.migrate.edits import apply
from keras_xent.migrate.engine import check_still_parses, examine, port
from keras_xent.migrate.finding import Action, Finding
from keras_xent.migrate.notebook import Cell, Notebook, first_syntax_error
from keras_xent.migrate.options import Options
from keras_xent.migrate.registry import chosen_rules

# What Python 3 says of `print x`, `exec x`, `except E, e:`, `0777`, and tabs among spaces.
# The rule for names of which it can't be told what they are.
_UNRESOLVED = "KX110"

_PYTHON_2 = re.compile(r"print|exec|multiple exception types|leading zeros|tabs and spaces")


@dataclasses.dataclass(frozen=True)
class Job:
    """What to do with every file.

    Args:
        select: See `registry.chosen_rules`.
        ignore: See `registry.chosen_rules`.
        options: For the rules.
        write: Whether to write the files.
    """

    select: Tuple[str, ...] = ()
    ignore: Tuple[str, ...] = ()
    options: Options = dataclasses.field(default_factory=Options)
    write: bool = False


@dataclasses.dataclass(frozen=True)
class FileReport:
    """What came of one file.

    Args:
        path: As the user gave it or the directory listed it.
        old: Its text, as far as it could be read.
        new: Its text after the port.
        findings: In the order of the text.
        error: Why it was left as it is, or None.
    """

    path: str
    old: str = ""
    new: str = ""
    findings: Tuple[Finding, ...] = ()
    error: Optional[str] = None

    @property
    def changed(self) -> bool:
        """Whether the port differs."""
        return self.error is None and self.old != self.new


def run_job(path: Path, job: Job) -> FileReport:
    """Port one file, and write it if that is the job."""
    with _collector_paused():
        return _run(path, job)


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


def _run(path: Path, job: Job) -> FileReport:
    try:
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
        if job.write and new != text.text:
            files.write_atomically(path, content, text.encode(new))
        return FileReport(str(path), text.text, new, findings)
    except SyntaxError as error:
        return FileReport(str(path), error=_syntax(error))
    except (OSError, ValueError) as error:
        return FileReport(str(path), error=_reason(error))
    except (RecursionError, MemoryError) as error:
        return FileReport(str(path), error=f"too large or too nested: {type(error).__name__}")
    except Exception as error:  # a mistake of ours must not take the other files with it
        return FileReport(
            str(path),
            error=f"the codemod failed ({type(error).__name__}: {error}); it is left. Please "
            "report this",
        )


def _port(path: Path, text: str, job: Job) -> Tuple[str, Tuple[Finding, ...]]:
    rules = chosen_rules(job.select, job.ignore)
    if path.suffix != ".ipynb":
        return port(text, rules, job.options)
    notebook = Notebook(text)
    try:
        outcome = examine(notebook.source, rules, job.options)
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
