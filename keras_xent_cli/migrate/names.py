"""What a name or an attribute means: through imports, aliases and assignments."""

from __future__ import annotations

import ast
from typing import Callable, FrozenSet

from keras_xent_cli.migrate.scopes import Import, Scope, Scopes, Value

Names = FrozenSet[str]

UNKNOWN = ""
"""Stands for whatever can't be followed, among the names that an expression may have."""

OWN = "<own>"
"""Stands before the name of a function or a class that another file of the program defines."""

_NOTHING: Names = frozenset()


# Where many assignments make names of one another, the ways through them are without number.
_MOST_STEPS = 1000
_LONGEST_WAY = 50


def _bound_nowhere(name: str) -> Names:
    return _NOTHING


def resolve(
    scopes: Scopes, node: ast.expr, unbound: Callable[[str], Names] = _bound_nowhere
) -> Names:
    """The qualified names that an expression may have.

    Args:
        scopes: The scopes of the module.
        node: An expression of the module.
        unbound: The names of a name that no scope binds.

    Returns:
        Dotted names, such as `tensorflow.losses.softmax_cross_entropy`: several if branches bind
        a name differently, with `UNKNOWN` among them if a branch can't be followed. Empty if it
        is nothing that has a name, or a name that is bound nowhere.
    """
    return _Search(scopes, unbound).names(node, _NOTHING)


def resolve_global(
    scopes: Scopes, name: str, unbound: Callable[[str], Names] = _bound_nowhere
) -> Names:
    """The qualified names that a name has at the module's top level: see `resolve`."""
    return _Search(scopes, unbound).names_of(name, scopes.module, _NOTHING)


class _Search:
    def __init__(self, scopes: Scopes, unbound: Callable[[str], Names]) -> None:
        self.scopes = scopes
        self.unbound = unbound
        self.steps = 0

    def names(self, node: ast.expr, seen: Names) -> Names:
        if isinstance(node, ast.Attribute):
            owners = self.names(node.value, seen)
            return frozenset(owner and f"{owner}.{node.attr}" for owner in owners)
        if isinstance(node, ast.IfExp):
            return self.names_of_value(node.body, seen) | self.names_of_value(node.orelse, seen)
        if isinstance(node, ast.NamedExpr):
            return self.names(node.value, seen)
        if isinstance(node, ast.Name):
            return self.names_of(node.id, self.scopes.of(node), seen)
        return _NOTHING

    def names_of_value(self, node: ast.expr, seen: Names) -> Names:
        if isinstance(node, ast.Constant) and node.value is None:
            return _NOTHING  # except ImportError: tf = None
        return self.names(node, seen) or frozenset({UNKNOWN})

    def names_of(self, name: str, scope: Scope, seen: Names) -> Names:
        found = _NOTHING
        bindings = scope.lookup(name)
        if not bindings:
            return self.unbound(name)
        for binding in bindings:
            self.steps += 1
            if self.steps > _MOST_STEPS or len(seen) > _LONGEST_WAY:
                return found | {UNKNOWN}
            if isinstance(binding, Import):
                found |= {binding.qualified}
            elif name in seen:  # tf = tf.compat.v1: the import says what the inner tf is
                continue
            elif isinstance(binding, Value):
                found |= self.names_of_value(binding.value, seen | {name})
            else:
                found |= {UNKNOWN}
        return found
