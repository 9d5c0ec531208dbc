"""Jupyter notebooks: the code cells as one source, and edits to them in the file's text."""

from __future__ import annotations

import ast
import bisect
import dataclasses
import json
import re
import warnings
from json.decoder import scanstring  # type: ignore[attr-defined]  # in no stub
from typing import Any, Callable, Iterator, Sequence

from keras_xent_cli.migrate.source import unparsed
from keras_xent_cli.migrate.source.edits import Edit, apply
from keras_xent_cli.migrate.source.lines import Lines
from keras_xent_cli.migrate.tensorflow.functions import FUNCTION_NAMES

_SPACE = re.compile(r"[ \t\r\n]*")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_LINE_IN_STRING = re.compile(r"(?:[^\\]|\\[^n])*?\\n|(?:[^\\]|\\[^n])+")
_DECODER = json.JSONDecoder()

# Between the cells in the source.
_GAP = "\n\n"

# A line that only IPython can run; `!` and `%` also after an assignment.
_MAGIC = re.compile(r"^(?P<before>[ \t]*(?:[\w., \t]+=[ \t]*)?)(?P<magic>[!%?].*)")
_HELP = re.compile(r"^(?P<before>[ \t]*)(?P<magic>[\w.]+\?{1,2}[ \t]*)$")
_FUNCTION = re.compile(r"\b(" + "|".join(sorted(FUNCTION_NAMES)) + r")\b")
# Magics of cells that contain Python.
_PYTHON_CELLS = ("%%time", "%%timeit", "%%capture", "%%prun")


@dataclasses.dataclass(frozen=True)
class Cell:
    """A code cell.

    Args:
        number: the position of the cell in the notebook, from 1, counting all cells.
        start: where its `source` begins in the notebook's text.
        end: where it ends.
        source: the code.
    """

    number: int
    start: int
    end: int
    source: str


class OldFormatError(ValueError):
    """It is a notebook, but in a format that the codemod doesn't read."""


class Notebook:
    """A notebook's code cells as one Python source.

    Cells that aren't Python and contain none of the functions' names are only in `unparsed`.

    Args:
        text: the notebook's JSON.

    Raises:
        OldFormatError: it is in format 3, and may contain one of the functions.
        ValueError: it isn't the JSON of a notebook.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            json.loads(text)
            cells = list(_code_cells(text))
        except OldFormatError:
            raise
        except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a notebook: {_reason(error)}") from error
        self.cells: list[Cell] = []
        self.unparsed: list[tuple[Cell, SyntaxError]] = []
        self.unread = [place for cell in cells for place in _unread(cell)]
        self._starts: list[int] = []
        parts: list[str] = []
        length = 0
        for cell in cells:
            if not _is_python(cell.source):
                continue
            code = without_magics(cell.source)
            problem = _syntax_error(code)
            if problem and not unparsed.may_hold(code):
                self.unparsed.append((cell, problem))
                continue
            self.cells.append(cell)
            self._starts.append(length)
            parts.append(code + _GAP)
            length += len(parts[-1])
        self.source = "".join(parts)

    def cell_at(self, offset: int) -> tuple[Cell, int]:
        """The cell of an offset in `source`, and the offset within the cell."""
        index = max(bisect.bisect_right(self._starts, offset) - 1, 0)
        return self.cells[index], offset - self._starts[index]

    def with_edits(self, edits: Sequence[Edit]) -> str:
        """The notebook's text after edits to `source`."""
        by_cell: dict[Cell, list[Edit]] = {}
        for edit in edits:
            cell, start = self.cell_at(edit.start)
            moved = dataclasses.replace(edit, start=start, end=start + edit.end - edit.start)
            by_cell.setdefault(cell, []).append(moved)
        changes = [
            Edit(cell.start, cell.end, _replace_source(_edited(cell, inner)))
            for cell, inner in by_cell.items()
        ]
        return apply(self.text, changes)


def _edited(cell: Cell, edits: Sequence[Edit]) -> str:
    # With the gap, a line can be added after a last line without a line break.
    return apply(cell.source + _GAP, edits)[: -len(_GAP)]


def first_syntax_error(notebook: Notebook) -> tuple[Cell, SyntaxError] | None:
    """The first cell that isn't Python, and why; None if all are."""
    for cell in notebook.cells:
        error = _syntax_error(without_magics(cell.source))
        if error:
            return cell, error
    return None


def without_magics(source: str) -> str:
    """A cell's code, with IPython's own lines replaced by statements of the same length.

    A cell that is plain Python stays unchanged: there, a line may begin with the operator `%`.
    """
    if _syntax_error(source) is None:
        return source
    lines: list[str] = []
    continued = False
    for line in Lines(source).lines:
        code = line.rstrip("\r\n")
        without = _HELP.sub(_masked, _MAGIC.sub(_masked, code))
        masked = "#" * len(code) if continued else without
        is_magic = masked != code or continued
        continued = is_magic and code.rstrip().endswith("\\")
        lines.append(masked + line[len(code) :])
    return "".join(lines)


def _syntax_error(source: str) -> SyntaxError | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(source)
        except SyntaxError as error:
            return error
        except ValueError as error:  # null bytes
            return SyntaxError(str(error))
    return None



def _unread(cell: Cell) -> Iterator[tuple[Cell, int, str]]:
    """The functions' names in a cell outside of its Python code, and where they are."""
    read = without_magics(cell.source) if _is_python(cell.source) else ""
    for match in _FUNCTION.finditer(cell.source):
        if read[match.start() : match.end()] != match[0]:
            yield cell, match.start(), match[0]


def _masked(match: re.Match[str]) -> str:
    before, magic = match["before"], match["magic"]
    return before + "0#"[: len(magic)].ljust(len(magic), "#")


def _is_python(source: str) -> bool:
    first = source.lstrip()
    return not first.startswith("%%") or first.startswith(_PYTHON_CELLS)


def _replace_source(new: str) -> Callable[[str], str]:
    return lambda old: _written_like(old, new)


def _written_like(old: str, new: str) -> str:
    """A new source in the old one's JSON style (one string or a list). Old lines stay unchanged."""
    ascii_only = old.isascii()
    if old.startswith("["):
        literals = [(match.start(), match[0]) for match in _STRING.finditer(old)]
        known = {json.loads(literal): literal for _, literal in literals}
        (first, _), (last, ending) = literals[0], literals[-1]
        between = "," + (old[1:first] or " ")
        if len(literals) > 1:
            between = old[first + len(literals[0][1]) : literals[1][0]]
        lines = _LINE.findall(new)
        written = [known.get(line) or json.dumps(line, ensure_ascii=ascii_only) for line in lines]
        return old[:first] + between.join(written) + old[last + len(ending) :]
    known = {json.loads(f'"{line}"'): line for line in _LINE_IN_STRING.findall(old[1:-1])}
    written = [
        known.get(line) or json.dumps(line, ensure_ascii=ascii_only)[1:-1]
        for line in _LINE.findall(new)
    ]
    return '"' + "".join(written) + '"'


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"a cell has no {error}"
    return str(error)


def _code_cells(text: str) -> Iterator[Cell]:
    number = 0
    for key, start in _members(text, _skip(text, 0)):
        if key == "cells":
            for cell in _elements(text, start):
                number += 1
                yield from _code_cell(text, cell, number)
        if key == "worksheets" and _holds_something(_DECODER.raw_decode(text, start)[0]):
            raise OldFormatError("notebook format 3 isn't supported: save it with a newer Jupyter")


def _holds_something(worksheets: Any) -> bool:
    """Whether a code cell of format 3 contains a name that a rule looks for."""
    cells = [cell for sheet in worksheets for cell in sheet["cells"]]
    sources = [cell["input"] for cell in cells if cell["cell_type"] == "code"]
    return any(unparsed.may_hold("".join(source)) for source in sources)


def _code_cell(text: str, start: int, number: int) -> Iterator[Cell]:
    values: dict[str, tuple[Any, int, int]] = {}
    for key, position in _members(text, start):
        value, end = _DECODER.raw_decode(text, position)
        values[key] = (value, position, end)
    if values["cell_type"][0] == "code":
        source, begin, end = values["source"]
        yield Cell(number, begin, end, source if isinstance(source, str) else "".join(source))


def _members(text: str, position: int) -> Iterator[tuple[str, int]]:
    """The keys of the object at a position, and where their values begin."""
    if text[position] != "{":
        raise ValueError(f"expected a JSON object at character {position}")
    position = _skip(text, position + 1)
    while text[position] != "}":
        key, position = scanstring(text, position + 1, True)
        position = _skip(text, _skip(text, position) + 1)
        yield key, position
        position = _after_value(text, position)


def _elements(text: str, position: int) -> Iterator[int]:
    """Where the elements of the array at a position begin."""
    if text[position] != "[":
        raise ValueError(f"expected an array at character {position}")
    position = _skip(text, position + 1)
    while text[position] != "]":
        yield position
        position = _after_value(text, position)


def _after_value(text: str, position: int) -> int:
    _, position = _DECODER.raw_decode(text, position)
    position = _skip(text, position)
    return _skip(text, position + 1) if text[position] == "," else position


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None
    return match.end()
