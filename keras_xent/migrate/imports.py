"""Where `import keras_xent` belongs in a source."""

from __future__ import annotations

import ast
from typing import List, Optional, Sequence, Union

from keras_xent.migrate.edits import Edit
from keras_xent.migrate.functions import PACKAGE
from keras_xent.migrate.module import Module

_IMPORT = f"import {PACKAGE}"
_AnyImport = Union[ast.Import, ast.ImportFrom]


def import_edit(module: Module, used_at: int) -> Edit:
    """Add the import.

    Among the imports next to TensorFlow's, in alphabetical order if they are in order; else after
    the module's first imports; in a module without any, after its docstring.

    Args:
        module: The source.
        used_at: The offset of the first place that needs the import. The import comes before the
            statement of the top level in which that is.
    """
    before_use = _statements_before(module, used_at)
    block = _block_of_tensorflow(before_use)
    if block:
        before = next((each for each in block if _module_name(each) > PACKAGE), None)
        if before is None or not _is_sorted(block):
            return _after(module, block[-1])
        if before is not block[0]:
            return _after(module, block[block.index(before) - 1])
        if not _has_comment_above(module, before) and _begins_its_line(module, before):
            return _at(module, before)
        return _after(module, block[-1])
    last = _last_of_the_first_imports(before_use)
    return _after(module, last) if last else _at_top(module, before_use)


def _statements_before(module: Module, used_at: int) -> List[ast.stmt]:
    """The statements of the top level whose last line comes before that of a place."""
    line, _ = module.lines.place(used_at)
    before = [statement for statement in module.tree.body if _end(statement) < line]
    while before and _last_line(module, before[-1]) >= line:
        before.pop()
    return before


def _block_of_tensorflow(statements: Sequence[ast.stmt]) -> List[_AnyImport]:
    """The imports around the first of TensorFlow, without a gap between them."""
    blocks: List[List[_AnyImport]] = [[]]
    for statement in statements:
        if not isinstance(statement, (ast.Import, ast.ImportFrom)) or _is_future(statement):
            blocks.append([])
            continue
        if blocks[-1] and statement.lineno > _end(blocks[-1][-1]) + 1:
            blocks.append([])
        blocks[-1].append(statement)
    return next(
        (
            block
            for block in blocks
            if any(_module_name(each).split(".")[0] == "tensorflow" for each in block)
        ),
        [],
    )


def _last_of_the_first_imports(statements: Sequence[ast.stmt]) -> Optional[ast.stmt]:
    """The last import before other code begins, imports inside `try` and `if` included."""
    last: Optional[ast.stmt] = None
    for statement in statements:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            last = statement
        elif isinstance(statement, (ast.Try, ast.If)):
            parts = list(ast.walk(statement))
            if any(isinstance(part, (ast.Import, ast.ImportFrom)) for part in parts):
                last = statement
        elif not _is_docstring(statement):
            break
    return last


def _is_sorted(block: Sequence[_AnyImport]) -> bool:
    names = [_module_name(each) for each in block]
    return names == sorted(names)


def _module_name(statement: _AnyImport) -> str:
    if isinstance(statement, ast.ImportFrom):
        return "." * statement.level + (statement.module or "")
    return statement.names[0].name


def _is_future(statement: _AnyImport) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _is_docstring(statement: ast.stmt) -> bool:
    # Numbers too: they stand for the magics of a notebook, which a cell may have to begin with.
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _end(statement: ast.stmt) -> int:
    assert statement.end_lineno is not None
    return statement.end_lineno


def _last_line(module: Module, statement: ast.stmt) -> int:
    """The line that a statement ends on, with those that follow it after semicolons."""
    line = _end(statement)
    for other in module.tree.body:
        if other.lineno == line:
            line = _end(other)
    return line


def _first_line(statement: ast.stmt) -> int:
    decorators = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(each.lineno for each in decorators)])


def _has_comment_above(module: Module, statement: ast.stmt) -> bool:
    above = module.lines.lines[statement.lineno - 2] if statement.lineno > 1 else ""
    return above.lstrip().startswith("#")


def _begins_its_line(module: Module, statement: ast.stmt) -> bool:
    return statement.col_offset == 0


def _at(module: Module, statement: ast.stmt) -> Edit:
    start = module.lines.start_of_line(statement.lineno)
    return Edit(start, start, lambda old: old + _IMPORT + module.lines.newline())


def _after(module: Module, statement: ast.stmt) -> Edit:
    """After the line that a statement ends on, which is not the last: more comes, that needs it."""
    end = module.lines.start_of_line(_last_line(module, statement) + 1)
    return Edit(end, end, lambda old: old + _IMPORT + module.lines.newline())


def _at_top(module: Module, statements: Sequence[ast.stmt]) -> Edit:
    """After the docstring; without one, before the first statement and after the comments."""
    newline = module.lines.newline()
    if statements and _is_docstring(statements[0]):
        after = _after(module, statements[0])
        return Edit(after.start, after.end, lambda old: newline + after.change(old))
    start = module.lines.start_of_line(_first_line(module.tree.body[0]))
    return Edit(start, start, lambda old: old + _IMPORT + newline + newline)
