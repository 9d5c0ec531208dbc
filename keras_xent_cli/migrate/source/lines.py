"""Converts the lines and columns of `ast` to offsets in a text, and back."""

from __future__ import annotations

import ast
import bisect
import re
from typing import Union

# Line endings as in Python's tokenizer. str.splitlines splits at more characters.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")

Located = Union[ast.expr, ast.stmt]


class Lines:
    """The lines of a text.

    Args:
        text: source code, with any line endings.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines: list[str] = _LINE.findall(text)
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line))

    def offset(self, line: int, column: int) -> int:
        """The offset of a position of `ast`: line from 1, column in bytes of UTF-8."""
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        if not text.isascii():
            column = len(text.encode("utf-8")[:column].decode("utf-8", "ignore"))
        return self._starts[line - 1] + column

    def span(self, node: Located) -> tuple[int, int]:
        """Where a node begins and ends."""
        assert node.end_lineno is not None and node.end_col_offset is not None
        return (
            self.offset(node.lineno, node.col_offset),
            self.offset(node.end_lineno, node.end_col_offset),
        )

    def segment(self, node: Located) -> str:
        """The source of a node."""
        start, end = self.span(node)
        return self.text[start:end]

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1, the column in characters."""
        line = min(bisect.bisect_right(self._starts, offset), max(len(self.lines), 1))
        return line, offset - self._starts[line - 1] + 1

    def start_of_line(self, line: int) -> int:
        """The offset at which a line (from 1) begins. After the last line, the text's end."""
        return self._starts[min(line - 1, len(self.lines))]

    def newline(self, line: int = 1) -> str:
        """The ending of a line (from 1). If it has none, that of the first line."""
        for text in [*self.lines[line - 1 : line], *self.lines[:1]]:
            ending = text[len(text.rstrip("\r\n")) :]
            if ending:
                return ending
        return "\n"
