"""What a name may mean if it comes from a star import, or a module is passed on."""

from __future__ import annotations

import ast
import functools
from typing import Collection, Iterator

from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.source.scopes import Import
from keras_xent_cli.migrate.tensorflow.tf1_modules import canonical

_BUILTINS = frozenset({"getattr", "hasattr", "setattr"})  # KX108 reports them


def starred(module: Module, node: ast.Attribute | ast.Name) -> frozenset[str]:
    """The qualified names that a name may have through star imports, if nothing else binds it."""
    root: ast.expr = node
    while isinstance(root, ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name) or module.scopes.of(root).lookup(root.id):
        return frozenset()
    stars = {star for scope in module.scopes.all for star in scope.stars}
    return frozenset(f"{star}.{module.dotted(node)}" for star in stars)


def handed_on(module: Module, modules: Collection[str]) -> frozenset[str]:
    """The qualified names of the given modules that the source passes on.

    Examples are `self.losses = tf.losses`, a class's attribute, an argument and a dictionary. What
    is read from these can't be followed.

    Args:
        module: the source.
        modules: canonical names.
    """
    return frozenset(name for name in _handed_on(module) if canonical(name) in modules)


def is_own(node: ast.Attribute) -> bool:
    """Whether it is an attribute of the object itself: `self.x`."""
    return isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")


@functools.lru_cache(maxsize=1)  # called for every name of a module that can't be followed
def _handed_on(module: Module) -> frozenset[str]:
    return frozenset(_find_handed_on(module))


def _find_handed_on(module: Module) -> Iterator[str]:
    for scope in module.scopes.all:
        if isinstance(scope.node, ast.ClassDef):
            for bindings in scope.bindings.values():
                yield from (each.qualified for each in bindings if isinstance(each, Import))
    nodes: list[ast.Attribute | ast.Name] = [*module.all(ast.Attribute)]
    nodes.extend(module.all(ast.Name))
    for node in nodes:
        if isinstance(node.ctx, ast.Load) and _is_handed_on(module, node):
            yield from module.names(node)


def _is_handed_on(module: Module, node: ast.expr) -> bool:
    parent = module.scopes.parent(node)
    if isinstance(parent, ast.Attribute):
        return False
    if isinstance(parent, ast.Assign):
        in_class = isinstance(module.scopes.of(node).node, ast.ClassDef)
        return in_class or not all(isinstance(each, ast.Name) for each in parent.targets)
    return not (
        isinstance(parent, ast.Call)
        and isinstance(parent.func, ast.Name)
        and parent.func.id in _BUILTINS
    )
