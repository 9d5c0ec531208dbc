"""What a name or an attribute means: through imports, aliases and assignments."""

from __future__ import annotations

import ast
from typing import FrozenSet

from keras_xent.migrate.scopes import Import, Scope, Scopes, Value

Names = FrozenSet[str]

UNKNOWN = ""
"""Stands for whatever can't be followed, among the names that an expression may have."""

_NOTHING: Names = frozenset()


def resolve(scopes: Scopes, node: ast.expr) -> Names:
    """The qualified names that an expression may have.

    Args:
        scopes: The scopes of the module.
        node: An expression of the module.

    Returns:
        Dotted names, such as `tensorflow.losses.softmax_cross_entropy`: several if branches bind
        a name differently, with `UNKNOWN` among them if a branch can't be followed. Empty if it
        is nothing that has a name, or a name that is bound nowhere.
    """
    return _resolve(scopes, node, _NOTHING)


def resolve_global(scopes: Scopes, name: str) -> Names:
    """The qualified names that a name has at the module's top level: see `resolve`."""
    return _resolve_bindings(scopes, name, scopes.module, _NOTHING)


def _resolve(scopes: Scopes, node: ast.expr, seen: Names) -> Names:
    if isinstance(node, ast.Attribute):
        owners = _resolve(scopes, node.value, seen)
        return frozenset(owner and f"{owner}.{node.attr}" for owner in owners)
    if isinstance(node, ast.IfExp):
        return _resolve_value(scopes, node.body, seen) | _resolve_value(scopes, node.orelse, seen)
    if isinstance(node, ast.NamedExpr):
        return _resolve(scopes, node.value, seen)
    if isinstance(node, ast.Name):
        return _resolve_bindings(scopes, node.id, scopes.of(node), seen)
    return _NOTHING


def _resolve_bindings(scopes: Scopes, name: str, scope: Scope, seen: Names) -> Names:
    names = _NOTHING
    for binding in scope.lookup(name):
        if isinstance(binding, Import):
            names |= {binding.qualified}
        elif name in seen:  # tf = tf.compat.v1: the import says what the inner tf is
            continue
        elif isinstance(binding, Value):
            names |= _resolve_value(scopes, binding.value, seen | {name})
        else:
            names |= {UNKNOWN}
    return names


def _resolve_value(scopes: Scopes, node: ast.expr, seen: Names) -> Names:
    if isinstance(node, ast.Constant) and node.value is None:
        return _NOTHING  # except ImportError: tf = None
    return _resolve(scopes, node, seen) or frozenset({UNKNOWN})
