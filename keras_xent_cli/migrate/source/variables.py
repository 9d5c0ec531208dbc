"""Where a variable is read."""

from __future__ import annotations

import ast
from typing import List, Optional

from keras_xent_cli.migrate.module import Module

# Python's functions that read variables which their caller doesn't name.
_READING_ALL = frozenset({"dir", "eval", "exec", "globals", "locals", "vars"})


def uses(module: Module, target: ast.Name) -> Optional[List[ast.Name]]:
    """Where what is assigned to a name is read, by whatever function of the file.

    Args:
        module: The source.
        target: The name in the assignment.

    Returns:
        The names; None if other code may read the variable too: that of a class, or one in whose
        function or file `locals()` and its like are used.
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
