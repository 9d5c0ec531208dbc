"""Finds losses of which the program uses only the mean over all elements.

For these, a mean over the last axis first doesn't change the result.
"""

from __future__ import annotations

import ast

from keras_xent_cli.migrate.module import Call, Module
from keras_xent_cli.migrate.source import variables
from keras_xent_cli.migrate.source.scopes import Scope, Value
from keras_xent_cli.migrate.tensorflow.tensorflow_names import called

_MEANS = frozenset({"tensorflow.reduce_mean", "tensorflow.math.reduce_mean"})


def is_only_averaged(module: Module, call: Call) -> bool:
    """Whether a call's result is used only in `tf.reduce_mean`, directly or through a variable."""
    if _is_averaged(module, call.node):
        return True
    statement = module.scopes.parent(call.node)
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return False
    target = statement.targets[0]
    if not isinstance(target, ast.Name):
        return False
    return _is_variable_only_averaged(module, target, call.node)


def _is_variable_only_averaged(module: Module, target: ast.Name, value: ast.expr) -> bool:
    scope: Scope = module.scopes.of(target)
    # Other files may import a top-level variable.
    if not isinstance(scope.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    bindings = scope.bindings.get(target.id, [])  # without `global` and `nonlocal`
    if len(bindings) != 1 or not isinstance(bindings[0], Value) or bindings[0].value is not value:
        return False
    uses = variables.uses(module, target) or []
    return bool(uses) and all(_is_averaged(module, name) for name in uses)


def _is_averaged(module: Module, node: ast.expr) -> bool:
    """Whether it is the only argument of `tf.reduce_mean`."""
    parent: ast.AST | None = module.scopes.parent(node)
    if isinstance(parent, ast.keyword):
        if parent.arg != "input_tensor":
            return False
        parent = module.scopes.parent(parent)
    if not isinstance(parent, ast.Call) or parent.func is node:
        return False
    names = called(module, parent)
    return bool(names) and names <= _MEANS and len(parent.args) + len(parent.keywords) == 1
