"""Where a variable is read."""

from __future__ import annotations

import ast

from keras_xent_cli.migrate.module import Module

# Python's functions that can read variables without their names.
_READING_ALL = frozenset({"dir", "eval", "exec", "globals", "locals", "vars"})


def uses(module: Module, target: ast.Name) -> list[ast.Name] | None:
    """Where a variable is read, in any function of the file.

    Args:
        module: the source.
        target: the name in the assignment.

    Returns:
        The names; None if other code may read the variable too: a class's variable, or one whose
        function or file uses `locals()` or similar functions.
    """
    scope = module.scopes.of(target)
    bindings = scope.lookup(target.id)
    if isinstance(scope.node, ast.ClassDef) or _reads_all(scope.node):
        return None
    return [
        name
        for name in module.all(ast.Name)
        if name.id == target.id
        and isinstance(name.ctx, ast.Load)
        and module.scopes.of(name).lookup(name.id) is bindings
    ]


def _reads_all(node: ast.AST) -> bool:
    return any(isinstance(each, ast.Name) and each.id in _READING_ALL for each in ast.walk(node))
