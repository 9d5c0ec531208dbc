"""What a name or an attribute means: through imports, aliases and assignments."""

from __future__ import annotations

import ast
from typing import Callable, FrozenSet

from keras_xent_cli.migrate.source import wrappers
from keras_xent_cli.migrate.source.scopes import Import, Scope, Scopes, Value, dotted

Names = FrozenSet[str]

UNKNOWN = ""
"""A name that can't be followed, among the names that an expression may have."""

OWN = "<own>"
"""A prefix for the name of a function or class that another file of the program defines."""

WRAPPED = "<wrapped>"
"""A prefix for the names that a function of the program receives or uses.

After `nn = clone(tf.nn)`, `nn` can only be one of these, but may not be the same object.
"""

_BEFORE_WRAPPED = f"{WRAPPED}."
_NOTHING: Names = frozenset()
# Expressions that assign, or let other code run.
DOING_MORE = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)

# Many assignments between names can create too many paths to follow.
_MOST_STEPS = 1000
_LONGEST_WAY = 50


def _bound_nowhere(name: str) -> Names:
    return _NOTHING


def resolve(
    scopes: Scopes, node: ast.expr, unbound: Callable[[str], Names] = _bound_nowhere
) -> Names:
    """The qualified names that an expression may have.

    Args:
        scopes: the scopes of the module.
        node: an expression of the module.
        unbound: returns the qualified names of a name that no scope binds.

    Returns:
        Dotted names, such as `tensorflow.losses.softmax_cross_entropy`: several if branches bind
        a name differently, with `UNKNOWN` among them if a branch can't be followed. Empty if it
        has no name, or the name isn't bound.
    """
    return _Search(scopes, unbound).names(node, _NOTHING)


def resolve_global(
    scopes: Scopes, path: str, unbound: Callable[[str], Names] = _bound_nowhere
) -> Names:
    """The qualified names that a name, or `name.attribute`, has at the module's top level."""
    return _Search(scopes, unbound).names_of_global(path, _NOTHING)


def as_wrapped(names: Names) -> Names:
    """Names with `WRAPPED` in front."""
    return frozenset(each and _BEFORE_WRAPPED + unwrapped(each) for each in names)


def unwrapped(name: str) -> str:
    """A name without `WRAPPED`."""
    return name[len(_BEFORE_WRAPPED) :] if is_wrapped(name) else name


def is_wrapped(name: str) -> bool:
    """Whether a name has `WRAPPED` in front."""
    return name.startswith(_BEFORE_WRAPPED)


def does_more(node: ast.Attribute) -> bool:
    """Whether another name in its place would lose something, such as `y` in `(y := tf).nn`."""
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute):
        inner = inner.value
    if not isinstance(inner, (ast.IfExp, ast.NamedExpr)):
        return False
    return any(isinstance(each, DOING_MORE) or _is_call(each) for each in ast.walk(inner))


def _is_call(node: ast.AST) -> bool:
    """Whether it is a call, except for `hasattr`, which does nothing else."""
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") != "hasattr"


class _Search:
    def __init__(self, scopes: Scopes, unbound: Callable[[str], Names]) -> None:
        self.scopes = scopes
        self.unbound = unbound
        self.steps = 0

    def names(self, node: ast.expr, seen: Names) -> Names:
        if isinstance(node, ast.Attribute):
            if does_more(node):
                return frozenset({UNKNOWN})
            return self.attribute(self.names(node.value, seen), node.attr, lambda: dotted(node))
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
        names = self.wrapped(node, seen) if isinstance(node, ast.Call) else self.names(node, seen)
        return names or frozenset({UNKNOWN})

    def attribute(self, owners: Names, name: str, path: Callable[[], str]) -> Names:
        """The names of an attribute; `path` returns its source text, if it has only names."""
        if any(map(is_wrapped, owners)) and path() in self.scopes.stored:
            return frozenset({UNKNOWN})  # nn = clone(nn), and then nn.function = ...
        return frozenset(owner and f"{owner}.{name}" for owner in owners)

    def wrapped(self, call: ast.Call, seen: Names) -> Names:
        """What a function of the source may return: its argument and what it names."""
        function = wrappers.function_called(self.scopes, call)
        got = self.got(call.args[0], seen) if function else _NOTHING
        named = wrappers.globals_of(self.scopes, function) if function and got else None
        if named is None:
            return _NOTHING  # there may be more names than these
        return as_wrapped(got.union(*(self.names_of_global(each, seen) for each in named)))

    def got(self, node: ast.expr, seen: Names) -> Names:
        """The names of an argument; a name that nothing else binds comes from a star import."""
        if isinstance(node, ast.Attribute):
            return self.attribute(self.got(node.value, seen), node.attr, lambda: dotted(node))
        if isinstance(node, ast.Name):
            stars = (f"{star}.{node.id}" for star in self.scopes.module.stars)
            return self.names(node, seen) or frozenset(stars)
        return _NOTHING

    def names_of_global(self, path: str, seen: Names) -> Names:
        owner, _, name = path.rpartition(".")
        if not owner:
            return self.names_of(name, self.scopes.module, seen)
        return self.attribute(self.names_of_global(owner, seen), name, lambda: path)

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
            elif name in seen:  # tf = tf.compat.v1: the import shows what the inner tf is
                continue
            elif isinstance(binding, Value):
                found |= self.names_of_value(binding.value, seen | {name})
            else:
                found |= {UNKNOWN}
        return found
