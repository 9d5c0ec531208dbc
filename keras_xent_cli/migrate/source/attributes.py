"""What a class's attributes may hold, such as `self.labels`, as far as the source shows it."""

from __future__ import annotations

import ast
from typing import Iterator, Union

from keras_xent_cli.migrate.keras_target.surroundings import Surroundings
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.source.scopes import Other, Scope, Value

# Base classes that don't bind attributes of the program.
_HARMLESS_BASES = ("tensorflow.", "keras.", "tf_keras.", "abc.")

_Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]


class Attributes:
    """The attributes that the classes of a module bind.

    Args:
        module: the source.
        surroundings: with the attributes that other files bind.
    """

    def __init__(self, module: Module, surroundings: Surroundings) -> None:
        self._module = module
        self._surroundings = surroundings
        self._stored: dict[str, list[ast.expr | None]] | None = None

    def values(self, node: ast.Attribute) -> tuple[ast.expr, ...] | None:
        """Everything that an attribute of `self`, `cls` or a class may be bound to.

        Returns:
            None if that isn't known: the owner is another object, an attribute of that name is
            bound in a way that isn't followed, or the class has a base class or a subclass
            elsewhere.
        """
        owner = self._class_of(node.value)
        if owner is None or self._is_open(owner) or node.attr in self._surroundings.assigned:
            return None
        if self._binds_any_name():
            return None
        stored = self._all_stored().get(node.attr, [])
        values = tuple(value for value in stored if value is not None)
        return values if values and len(values) == len(stored) else None

    def _class_of(self, owner: ast.expr) -> ast.ClassDef | None:
        """The class that a name is, or is an instance of (the first parameter of its methods)."""
        if not isinstance(owner, ast.Name):
            return None
        scopes = self._module.scopes
        bound = self._bound(owner)
        if isinstance(bound, ast.ClassDef):
            return bound
        parameters = scopes.parent(bound) if isinstance(bound, ast.arg) else None
        method = scopes.parent(parameters) if parameters else None
        around = scopes.parent(method) if method else None
        if not isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return None
        return around if isinstance(around, ast.ClassDef) and _is_first(method, bound) else None

    def _bound(self, name: ast.Name) -> ast.AST | None:
        """The parameter or the class that a name is, if it is only that."""
        bindings = self._module.scopes.of(name).lookup(name.id)
        return bindings[0].node if len(bindings) == 1 and isinstance(bindings[0], Other) else None

    def _is_open(self, owner: ast.ClassDef) -> bool:
        """Whether code in another file, or a decorator, may bind its attributes."""
        return owner.name in self._surroundings.subclassed or not self._is_closed(owner)

    def _is_closed(self, owner: ast.ClassDef) -> bool:
        return not owner.decorator_list and all(map(self._is_harmless, owner.bases))

    def _is_harmless(self, base: ast.expr) -> bool:
        if isinstance(base, ast.Name):
            if base.id == "object":
                return True
            bound = self._bound(base)
            if isinstance(bound, ast.ClassDef):
                return bound.lineno < base.lineno and self._is_closed(bound)
        names = self._module.names(base)
        return bool(names) and all(name.startswith(_HARMLESS_BASES) for name in names)

    def _binds_any_name(self) -> bool:
        """Whether the file binds attributes whose names are known only at run time."""
        return any(
            isinstance(call.func, ast.Name)
            and call.func.id == "setattr"
            and not (len(call.args) == 3 and isinstance(call.args[1], ast.Constant))
            for call in self._module.all(ast.Call)
        ) or any(node.attr == "__dict__" for node in self._module.all(ast.Attribute))

    def _all_stored(self) -> dict[str, list[ast.expr | None]]:
        """The values bound to an attribute of each name, of any object; None for unknown ones."""
        if self._stored is None:
            self._stored = {}
            for name, value in self._stores():
                self._stored.setdefault(name, []).append(value)
        return self._stored

    def _stores(self) -> Iterator[tuple[str, ast.expr | None]]:
        values: dict[ast.expr, ast.expr] = {}
        for assignment in self._module.all(ast.Assign):
            for target in assignment.targets:
                values.update(_pairs(target, assignment.value))
        for annotated in self._module.all(ast.AnnAssign):
            if annotated.value is not None:
                values[annotated.target] = annotated.value
        for node in self._module.all(ast.Attribute):
            if not isinstance(node.ctx, ast.Load):
                yield node.attr, values.get(node)
        for scope in self._module.scopes.all:
            if isinstance(scope.node, ast.ClassDef):
                yield from _of_class(scope, scope.node)


def _of_class(scope: Scope, node: ast.ClassDef) -> Iterator[tuple[str, ast.expr | None]]:
    """What a class's body binds: values, methods, properties, and fields without a value."""
    for name, bindings in scope.bindings.items():
        for binding in bindings:
            yield name, binding.value if isinstance(binding, Value) else None
    for field in (each for each in node.body if isinstance(each, ast.AnnAssign)):
        if field.value is None and isinstance(field.target, ast.Name):
            yield field.target.id, None


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Targets and their values, element by element if both are tuples or lists."""
    parts = (ast.Tuple, ast.List)
    if isinstance(target, parts) and isinstance(value, parts):
        if len(target.elts) == len(value.elts):
            for part, part_value in zip(target.elts, value.elts):
                yield from _pairs(part, part_value)
    else:
        yield target, value


def _is_first(method: _Function, parameter: ast.AST | None) -> bool:
    static = any(
        isinstance(each, ast.Name) and each.id == "staticmethod" for each in method.decorator_list
    )
    parameters = [*method.args.posonlyargs, *method.args.args]
    return not static and bool(parameters) and parameters[0] is parameter
