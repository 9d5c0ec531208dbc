"""Where `import keras_xent` belongs in a source.

The import loads TensorFlow, so it belongs in the block of imports that has TensorFlow's, or in the
same scope right after the import of TensorFlow that a place needs. Before that, a program may set
environment variables that TensorFlow reads when it loads.
"""

from __future__ import annotations

import ast
from typing import Sequence, Union

from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.source.edits import Edit
from keras_xent_cli.migrate.source.scopes import Import, Scope, Value
from keras_xent_cli.migrate.tensorflow.functions import PACKAGE

_IMPORT = f"import {PACKAGE}"
_AnyImport = Union[ast.Import, ast.ImportFrom]
_LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def import_edits(module: Module, used_at: Sequence[int]) -> list[Edit]:
    """Add the imports.

    Args:
        module: the source.
        used_at: the offsets of the places that need the import.
    """
    if not used_at:
        return []
    lines = {module.lines.place(offset)[0] for offset in used_at}
    names = {
        module.offset(name): name for name in module.all(ast.Name) if name.lineno in lines
    }
    needing = [offset for offset in used_at if not _has_package(module, names.get(offset))]
    origins = {offset: _origins(module, names.get(offset)) for offset in needing}
    of_module = [offset for offset in needing if _is_of_module(module, origins[offset])]
    if of_module:
        return [_at_module_level(module, names, origins, of_module)]
    inner: dict[Scope, Edit] = {}
    for offset in needing:
        origin = origins[offset][0]
        inner.setdefault(module.scopes.of(origin), _after_origin(module, origin, names.get(offset)))
    return list(inner.values())


def _has_package(module: Module, name: ast.Name | None) -> bool:
    if module.imported_package():
        return True
    bindings = module.scopes.of(name).lookup(PACKAGE) if name else []
    return any(each == Import(PACKAGE, each.line) for each in bindings)


def _origins(module: Module, name: ast.Name | None) -> list[_AnyImport]:
    """The imports that a name comes from, in the order of the text."""
    found = _imports_behind(module, name, frozenset()) if name else []
    return sorted(found, key=lambda each: each.lineno)


def _imports_behind(module: Module, name: ast.Name, seen: frozenset[str]) -> list[_AnyImport]:
    found: list[_AnyImport] = []
    for binding in module.scopes.of(name).lookup(name.id):
        if isinstance(binding, Import):
            found += module.imports_of(name.id, binding.line)
        elif isinstance(binding, Value) and name.id not in seen:
            for part in ast.walk(binding.value):
                if isinstance(part, ast.Name):
                    found += _imports_behind(module, part, seen | {name.id})
    return found


def _is_of_module(module: Module, origins: Sequence[_AnyImport]) -> bool:
    return not origins or any(module.scopes.of(each) is module.scopes.module for each in origins)


def _at_module_level(
    module: Module,
    names: dict[int, ast.Name],
    origins: dict[int, list[_AnyImport]],
    used_at: Sequence[int],
) -> Edit:
    """Among the module's imports, before the first place that runs when the module is loaded.

    The order of preference: among the imports next to TensorFlow's, in alphabetical order if they
    are in order; after the import that the first place needs; after the module's first imports;
    after its docstring.
    """
    now = [offset for offset in used_at if not _runs_later(module, names.get(offset))]
    before_use = _statements_before(module, now[0]) if now else module.tree.body
    block = _block_of_tensorflow(before_use)
    if block:
        return _in_block(module, block)
    first = (now or used_at)[0]
    at_top = [each for each in origins[first] if module.scopes.of(each) is module.scopes.module]
    if at_top:
        return _after_origin(module, at_top[0], names.get(first))
    last = _last_of_the_first_imports(before_use)
    return _after(module, last) if last else _at_top(module, before_use)


def _runs_later(module: Module, name: ast.Name | None) -> bool:
    """Whether a name is in the body of a function, which runs when it is called."""
    scope = module.scopes.of(name) if name else None
    while scope is not None:
        if isinstance(scope.node, _LATER):
            return True
        scope = scope.parent
    return name is None


def _in_block(module: Module, block: Sequence[_AnyImport]) -> Edit:
    before = next((each for each in block if _module_name(each) > PACKAGE), None)
    if before is None or not _is_sorted(block):
        return _after(module, block[-1])
    if before is not block[0]:
        return _after(module, block[block.index(before) - 1])
    if not _has_comment_above(module, before) and _begins_its_line(module, before):
        return _at(module, before)
    return _after(module, block[-1])


def _after_origin(module: Module, origin: _AnyImport, use: ast.Name | None) -> Edit:
    """After an import, or after the outermost statement around it that doesn't contain the use."""
    around_use = set(module.scopes.ancestors(use)) if use else set()
    scope = module.scopes.of(origin).node
    statement: ast.stmt = origin
    for ancestor in module.scopes.ancestors(origin):
        if ancestor is scope or ancestor in around_use:
            break
        if isinstance(ancestor, ast.stmt):
            statement = ancestor
    if _shares_its_line(module, statement):
        end = module.lines.span(origin)[1]
        return Edit(end, end, lambda old: f"{old}; {_IMPORT}")
    return _after(module, statement)


def _shares_its_line(module: Module, statement: ast.stmt) -> bool:
    """Whether there is something before it on its first line, or after it on its last."""
    start, end = module.lines.span(statement)
    before = module.text[module.lines.start_of_line(statement.lineno) : start]
    after = module.text[end : module.lines.start_of_line(_end(statement) + 1)].strip()
    return bool(before.strip()) or (bool(after) and not after.startswith("#"))


def _statements_before(module: Module, used_at: int) -> list[ast.stmt]:
    """The statements of the top level whose last line comes before that of a place."""
    line, _ = module.lines.place(used_at)
    before = [statement for statement in module.tree.body if _end(statement) < line]
    while before and _last_line(module, before[-1]) >= line:
        before.pop()
    return before


def _block_of_tensorflow(statements: Sequence[ast.stmt]) -> list[_AnyImport]:
    """The first import of TensorFlow, with the imports around it up to the first gap."""
    blocks: list[list[_AnyImport]] = [[]]
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


def _last_of_the_first_imports(statements: Sequence[ast.stmt]) -> ast.stmt | None:
    """The last import before other code begins, including imports in `try` and `if`."""
    last: ast.stmt | None = None
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
    # Numbers too: they replace the magics of a notebook, which may have to begin a cell.
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _end(statement: ast.stmt) -> int:
    assert statement.end_lineno is not None
    return statement.end_lineno


def _last_line(module: Module, statement: ast.stmt) -> int:
    """The last line of a statement, and of those that follow it after semicolons."""
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
    newline = module.lines.newline(statement.lineno)
    return Edit(start, start, lambda old: old + _IMPORT + newline)


def _after(module: Module, statement: ast.stmt) -> Edit:
    """After the last line of a statement, with its indentation."""
    last = _last_line(module, statement)
    end = module.lines.start_of_line(last + 1)
    # Another ending would, for example, make one of a new "\r" and an empty line's "\n".
    newline = module.lines.newline(last)
    start = module.lines.start_of_line(statement.lineno)
    indent = module.text[start : start + statement.col_offset]
    line = indent + _IMPORT + newline if not indent.strip() else _IMPORT + newline
    ends_its_line = module.text[:end].endswith(("\n", "\r"))
    return Edit(end, end, lambda old: old + line if ends_its_line else old + newline + line)


def _at_top(module: Module, statements: Sequence[ast.stmt]) -> Edit:
    """After the docstring; without one, before the first statement and after the comments."""
    newline = module.lines.newline(_last_line(module, module.tree.body[0]))
    if statements and _is_docstring(statements[0]):
        after = _after(module, statements[0])
        return Edit(after.start, after.end, lambda old: newline + after.change(old))
    start = module.lines.start_of_line(_first_line(module.tree.body[0]))
    return Edit(start, start, lambda old: old + _IMPORT + newline + newline)
