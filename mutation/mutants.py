"""The mutants of a Python file: copies with one small change each, from mutmut's operators.

Left out is what doesn't change behaviour, or only the words of a message: docstrings, type hints,
the arguments of `raise` and of warnings, and strings with a space in them.
"""

from __future__ import annotations

import ast
import difflib
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import libcst as cst
import libcst.matchers as m
from mutmut.mutation.mutators import mutation_operators

_LEFT_OUT = (
    m.Annotation()
    | m.Decorator()
    | m.ImportFrom()
    | m.Raise()
    | m.ConcatenatedString()
    | m.Call(func=m.Attribute(attr=m.Name("warn")))
    | m.Assign(targets=[m.AssignTarget(target=m.Name("__all__"))])
)


@dataclass(frozen=True)
class Mutant:
    """A changed copy of a file."""

    path: str
    number: int
    code: str
    line: int
    change: str

    @property
    def name(self) -> str:
        """The path and the mutant's number among the file's."""
        return f"{self.path}:{self.number}"


def mutants(root: Path, path: str) -> list[Mutant]:
    """All mutants of a file, in the order of its lines."""
    code = (root / path).read_text(encoding="utf-8")
    meaning = _meaning(code)
    found: dict[str, str] = {}
    for mutated in _mutated(code):
        try:
            changed = _meaning(mutated)
        except SyntaxError:
            continue
        if changed != meaning:
            found.setdefault(changed, mutated)
    return [
        Mutant(path, number, mutated, *_change(code, mutated))
        for number, mutated in enumerate(found.values())
    ]


def _mutated(code: str) -> Iterator[str]:
    module = cst.parse_module(code)
    for node in _mutable(module):
        changed_nodes = (
            changed
            for kind, operator in mutation_operators
            if isinstance(node, kind)
            for changed in operator(node)
        )
        if isinstance(node, cst.SimpleString):
            # mutmut also changes the case: one change shows whether a test sees the string.
            changed_nodes = itertools.islice(changed_nodes, 1 if " " not in node.value else 0)
        for changed in changed_nodes:
            if isinstance(node, cst.Call) and len(changed.args) == len(node.args) > 1:
                # One of several arguments is None. Another mutant leaves it out.
                continue
            yield module.deep_replace(node, changed).code


def _mutable(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The node and those in it, without type hints, messages and decorators."""
    if m.matches(node, _LEFT_OUT):
        return
    yield node
    for child in node.children:
        yield from _mutable(child)


def _meaning(code: str) -> str:
    return ast.dump(ast.parse(code))


def _change(code: str, mutated: str) -> tuple[int, str]:
    """The first changed line's number, and the changed lines."""
    old, new = code.splitlines(), mutated.splitlines()
    lines = [line for line in difflib.ndiff(old, new) if line[0] in "+-"]
    first = next(
        (at for at, pair in enumerate(zip(old, new)) if pair[0] != pair[1]), min(len(old), len(new))
    )
    return first + 1, "\n".join(lines)
