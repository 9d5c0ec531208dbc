"""What was last assigned to an attribute, in the order of the text.

`attributes` finds all values that are possible. This is only for hints: it ignores other objects,
other methods and branches.
"""

from __future__ import annotations

import ast
import bisect
import collections
import functools
from typing import Optional, Tuple, Union

from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.source.scopes import dotted

Assignment = Union[ast.Assign, ast.AnnAssign, ast.AugAssign]
# The class, and the attribute as it is written.
_Key = Tuple[Optional[ast.AST], str]


def assignment(module: Module, node: ast.expr) -> Assignment | None:
    """The last assignment to an attribute before a place where it is read.

    Returns:
        The statement; None if `node` isn't such an attribute of a name, or if the value of the last
        assignment isn't known.
    """
    if not isinstance(node, ast.Attribute):
        return None
    stores = _all(module).get(_key(module, node), [])
    lines = [each.lineno for each in stores]
    for last in reversed(stores[: bisect.bisect_left(lines, node.lineno)]):
        statement = module.scopes.parent(last)
        if not isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            return None
        # Over several lines, an assignment also contains what it reads.
        if not module.scopes.is_inside(node, statement):
            is_target = not isinstance(statement, ast.Assign) or last in statement.targets
            return statement if is_target else None
    return None


def followed(module: Module, node: ast.expr | None) -> ast.expr | None:
    """An expression, or what was last assigned to it if it is a name or an attribute."""
    seen: list[ast.expr] = []
    while node is not None and node not in seen:
        seen.append(node)
        node = module.followed(node)
        last = assignment(module, node) if node is not None else None
        if isinstance(last, (ast.Assign, ast.AnnAssign)) and last.value is not None:
            node = last.value
    return node


@functools.lru_cache(maxsize=1)  # called for every attribute of a module
def _all(module: Module) -> dict[_Key, list[ast.Attribute]]:
    found: dict[_Key, list[ast.Attribute]] = collections.defaultdict(list)
    for node in module.all(ast.Attribute):
        if isinstance(node.ctx, ast.Store) and dotted(node):
            found[_key(module, node)].append(node)
    for nodes in found.values():
        nodes.sort(key=lambda each: (each.lineno, each.col_offset))
    return found


def _key(module: Module, node: ast.Attribute) -> _Key:
    classes = (each for each in module.scopes.ancestors(node) if isinstance(each, ast.ClassDef))
    return next(classes, None), dotted(node)
