"""KX105: the loss gets `weights=mask`, and is then divided by the mask's sum by hand.

The default reduction has divided by the number of non-zero weights already. It is what TF1
computes, and the port too; it is rarely what was meant.
"""

from __future__ import annotations

import ast
from typing import Iterator, Optional, Set, Tuple

from keras_xent.migrate.finding import Action, Remark
from keras_xent.migrate.module import Call, Module
from keras_xent.migrate.options import Options
from keras_xent.migrate.registry import Rule
from keras_xent.migrate.tensorflow_names import tensorflow_function

_DIVISIONS = ("div", "divide", "divide_no_nan", "div_no_nan", "truediv", "realdiv")
_SUMS = ("reduce_sum", "count_nonzero", "sum", "reduce_mean")


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Name the divisions of a weighted loss by a sum of its weights."""
    for node in module.all(ast.expr):
        parts = _division(module, node)
        if parts is None:
            continue
        call = module.call_of(module.followed(_inside_sum(module, parts[0])))
        if call and _is_divided_twice(module, call, parts[1]):
            yield Remark(
                module.offset(node),
                Action.FLAGGED,
                f"{module.source(parts[0])} is divided by {module.source(parts[1])}, but its "
                "reduction has divided it already, by the number of non-zero weights unless it "
                "says otherwise. If one division was meant, use "
                "reduction=keras_xent.Reduction.SUM here",
            )


def _inside_sum(module: Module, node: ast.expr) -> ast.expr:
    """The loss in `tf.reduce_sum(loss)`: of a scalar, that is the loss."""
    value = module.followed(node)
    if isinstance(value, ast.Call) and tensorflow_function(module, value) in _SUMS and value.args:
        return value.args[0]
    return node


def _division(module: Module, node: ast.expr) -> Optional[Tuple[ast.expr, ast.expr]]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return node.left, node.right
    if isinstance(node, ast.Call) and tensorflow_function(module, node) in _DIVISIONS:
        return (node.args[0], node.args[1]) if len(node.args) >= 2 else None
    return None


def _is_divided_twice(module: Module, call: Call, divisor: ast.expr) -> bool:
    weights = call.arguments.get("weights")
    if not call.function.reduces or weights is None:
        return False
    reduction = call.arguments.get("reduction")
    if reduction is not None and _is_undivided(module, reduction):
        return False
    value = module.followed(divisor)
    assert value is not None
    sums = [
        each
        for each in ast.walk(value)
        if isinstance(each, ast.Call) and _function(module, each) in _SUMS
    ]
    return any(_words(weights) & _words(each) for each in sums)


def _is_undivided(module: Module, reduction: ast.expr) -> bool:
    if isinstance(reduction, ast.Constant):
        return reduction.value in ("none", "weighted_sum", "sum")
    ends = {name.rsplit(".", 1)[-1] for name in module.names(reduction)}
    return bool(ends) and ends <= {"NONE", "SUM"}


def _function(module: Module, call: ast.Call) -> str:
    name = tensorflow_function(module, call)
    return name or (call.func.attr if isinstance(call.func, ast.Attribute) else "")


def _words(node: ast.expr) -> Set[str]:
    """The variables of an expression, modules aside."""
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    attributes = {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
    called = {
        each.func.attr
        for each in ast.walk(node)
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute)
    }
    return (names | attributes) - called - {"tf", "np", "tensorflow", "numpy", "self", "math"}


RULE = Rule("KX105", "weights, and then a division by their sum by hand", check, is_defect=True)
