"""Where `import keras_xent` belongs in a source."""

from __future__ import annotations

import ast
from typing import List, Optional, Sequence, Union

from keras_xent.migrate.edits import Edit
from keras_xent.migrate.functions import PACKAGE
from keras_xent.migrate.module import Module

_IMPORT = f"import {PACKAGE}"
_AnyImport = Union[ast.Import, ast.ImportFrom]


def import_edit(module: Module) -> Edit:
    """Add the import.

    Among the imports next to TensorFlow's, in alphabetical order if they are in order; else after
    the module's first imports; in a module without any, after its docstring.
    """
    block = _block_of_tensorflow(module)
    if block:
        before = next((each for each in block if _module_name(each) > PACKAGE), None)
        if before is None or not _is_sorted(block):
            return _after(module, block[-1])
        if before is not block[0]:
            return _after(module, block[block.index(before) - 1])
        if not _has_comment_above(module, before) and _begins_its_line(module, before):
            return _at(module, before)
        return _after(module, block[-1])
    last = _last_of_the_first_imports(module)
    return _after(module, last) if last else _at_top(module)


def _block_of_tensorflow(module: Module) -> List[_AnyImport]:
    """The imports around the first of TensorFlow, without a gap between them."""
    blocks: List[List[_AnyImport]] = [[]]
    for statement in module.tree.body:
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


def _last_of_the_first_imports(module: Module) -> Optional[ast.stmt]:
    """The last import before other code begins, imports inside `try` and `if` included."""
    last: Optional[ast.stmt] = None
    for statement in module.tree.body:
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
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _end(statement: ast.stmt) -> int:
    assert statement.end_lineno is not None
    return statement.end_lineno


def _has_comment_above(module: Module, statement: ast.stmt) -> bool:
    above = module.lines.lines[statement.lineno - 2] if statement.lineno > 1 else ""
    return above.lstrip().startswith("#")


def _begins_its_line(module: Module, statement: ast.stmt) -> bool:
    return statement.col_offset == 0


def _at(module: Module, statement: ast.stmt) -> Edit:
    start = module.lines.start_of_line(statement.lineno)
    return Edit(start, start, lambda old: old + _IMPORT + module.lines.newline())


def _after(module: Module, statement: ast.stmt) -> Edit:
    """After the line that a statement ends on."""
    line = _end(statement)
    end = module.lines.start_of_line(line + 1)
    newline = module.lines.newline()
    if module.lines.lines[line - 1].endswith(("\n", "\r")):
        return Edit(end, end, lambda old: old + _IMPORT + newline)
    return Edit(end, end, lambda old: old + newline + _IMPORT)


def _at_top(module: Module) -> Edit:
    """After the docstring; without one, before the first statement and after the comments."""
    body = module.tree.body
    newline = module.lines.newline()
    if body and _is_docstring(body[0]):
        after = _after(module, body[0])
        return Edit(after.start, after.end, lambda old: newline + after.change(old))
    start = module.lines.start_of_line(body[0].lineno) if body else 0
    return Edit(start, start, lambda old: old + _IMPORT + newline + newline)
