"""KX104: the same loss is added twice.

`loss = tf.losses.softmax_cross_entropy(...)` has already joined the loss collection, and
`loss + tf.losses.get_total_loss()` counts it again. `keras_xent.v1` joins the collection like TF1's
function, so the number stays the same. Without collections, it would halve.
"""

from __future__ import annotations

import ast
from typing import Iterator

from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.tensorflow.tensorflow_names import tensorflow_function

_TOTALS = ("get_total_loss", "get_losses")
_ADDITIONS = ("add", "add_n")


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Report the sums of a loss and the collection that includes it."""
    for node in module.all(ast.AST):
        parts = _summands(module, node)
        if tensorflow_function(module, node) == "add_loss":
            yield from _of_add_loss(module, node)
        losses = [part for part in parts if _is_collected_loss(module, part)]
        totals = [part for part in parts if _is_total(module, part)]
        if losses and totals and isinstance(node, (ast.expr, ast.stmt)):
            yield Remark(
                module.offset(node),
                Action.FLAGGED,
                f"{module.source(losses[0])} is in the loss collection, so "
                f"{module.source(totals[0])} already includes it, and the sum counts it twice. "
                "Leave the loss out of the sum, or, if the collection has other losses, pass "
                "loss_collection=None to the call that computes it",
            )


def _of_add_loss(module: Module, node: ast.AST) -> Iterator[Remark]:
    if isinstance(node, ast.Call) and node.args and _is_collected_loss(module, node.args[0]):
        loss = module.source(node.args[0])
        yield Remark(
            module.offset(node),
            Action.FLAGGED,
            f"{loss} joined the loss collection when it was computed. add_loss adds it again, so "
            "the collection counts it twice. Remove add_loss, or pass loss_collection=None to the "
            "call that computes the loss",
        )


def _summands(module: Module, node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
        return [node.target, *_addends(node.value)]
    is_sum = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)
    if is_sum and not _is_addition(module, module.scopes.parent(node)):
        assert isinstance(node, ast.BinOp)
        return _addends(node)
    if isinstance(node, ast.Call) and _is_addition(module, node):
        return [part for argument in node.args for part in _addends(argument)]
    return []


def _is_addition(module: Module, node: ast.AST | None) -> bool:
    if isinstance(node, (ast.BinOp, ast.AugAssign)):
        return isinstance(node.op, ast.Add)
    return tensorflow_function(module, node) in _ADDITIONS


def _addends(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*_addends(node.left), *_addends(node.right)]
    return list(node.elts) if isinstance(node, (ast.List, ast.Tuple)) else [node]


def _is_collected_loss(module: Module, node: ast.expr) -> bool:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        bindings = module.scopes.of(node).lookup(node.id)
        values = [getattr(each, "value", None) for each in bindings if each.line < node.lineno]
        call = module.call_of(values[-1]) if values else None
    else:
        call = module.call_of(module.followed(node))
    if call is None or not call.function.reduces:
        return False
    collection = call.arguments.get("loss_collection")
    return collection is None or _is_default(module, module.followed(collection))


def _is_default(module: Module, collection: ast.expr | None) -> bool:
    """Whether this is certainly the collection that `get_total_loss` and `add_loss` use."""
    if isinstance(collection, ast.Constant):
        return bool(collection.value == "losses")
    if collection is None:
        return False
    return any(name.endswith("GraphKeys.LOSSES") for name in module.names(collection))


def _is_total(module: Module, node: ast.expr) -> bool:
    value = module.followed(node)
    if tensorflow_function(module, value) in _TOTALS:
        return True
    if tensorflow_function(module, value) == "add_n":
        assert isinstance(value, ast.Call)
        return any(
            tensorflow_function(module, module.followed(part)) in _TOTALS for part in value.args
        )
    return False


RULE = Rule("KX104", "the same loss added twice", check, is_defect=True)
