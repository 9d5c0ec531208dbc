"""Values that the source shows: numbers, and the names of reductions."""

from __future__ import annotations

import ast
from typing import Iterator

from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.source.scopes import Value
from keras_xent_cli.migrate.tensorflow import functions
from keras_xent_cli.migrate.tensorflow.tensorflow_names import tensorflow_function

_OUR_REDUCTION = f"{functions.PACKAGE}.Reduction."
REDUCTION_STRINGS = {
    "none": "NONE",
    "weighted_sum": "SUM",
    "weighted_mean": "MEAN",
    "weighted_sum_over_batch_size": "SUM_OVER_BATCH_SIZE",
    "weighted_sum_by_nonzero_weights": "SUM_BY_NONZERO_WEIGHTS",
}


def results(node: ast.expr) -> Iterator[ast.expr]:
    """The parts of an expression that may be its value."""
    if isinstance(node, ast.IfExp):
        yield from results(node.body)
        yield from results(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for part in node.values:
            yield from results(part)
    else:
        yield node


def reductions(module: Module, node: ast.expr) -> frozenset[str]:
    """The members of `Reduction` that an expression may be; empty if they aren't known."""
    members = {_member(module, part) for part in results(node)}
    return frozenset() if None in members else frozenset(filter(None, members))


def is_number(module: Module, node: ast.expr) -> bool:
    """Whether an expression is certainly one number."""
    return _is_number(module, node, frozenset())


def integer(module: Module, node: ast.expr | None) -> int | None:
    """The integer that an expression is; None if it isn't known."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = integer(module, node.operand)
        return None if value is None else -value
    if isinstance(node, ast.Name):
        bindings = module.scopes.of(node).lookup(node.id)
        values = {
            integer(module, each.value)
            if isinstance(each, Value) and not isinstance(each.value, ast.Name)
            else None
            for each in bindings
        }
        return values.pop() if len(values) == 1 else None
    if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
        return None
    return node.value if isinstance(node.value, int) else None


def _member(module: Module, node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant):
        return REDUCTION_STRINGS.get(node.value) if isinstance(node.value, str) else None
    members = {
        name[len(_OUR_REDUCTION) :]
        if name.startswith(_OUR_REDUCTION)
        else functions.reduction_of(name)
        for name in module.names(node)
    }
    return members.pop() if len(members) == 1 else None


def _is_number(module: Module, node: ast.expr, seen: frozenset[str]) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (bool, int, float))
    if isinstance(node, ast.UnaryOp):
        return _is_number(module, node.operand, seen)
    if isinstance(node, ast.BinOp):
        return _is_number(module, node.left, seen) and _is_number(module, node.right, seen)
    if isinstance(node, ast.Name):
        bindings = module.scopes.of(node).lookup(node.id)
        return (
            bool(bindings)
            and node.id not in seen
            and all(
                isinstance(each, Value) and _is_number(module, each.value, seen | {node.id})
                for each in bindings
            )
        )
    # tf.constant(0.4); with a second argument it may have a shape.
    if tensorflow_function(module, node) == "constant":
        assert isinstance(node, ast.Call)
        return len(node.args) == 1 and not node.keywords and _is_number(module, node.args[0], seen)
    return False
