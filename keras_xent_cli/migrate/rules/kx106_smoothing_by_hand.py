"""KX106: labels are smoothed by hand.

`labels * (1 - eps) + eps / N` in front of the loss is `label_smoothing=eps` only if `N` is the
number of classes, or 2 for the sigmoid: some divide by one less, or write
`one_hot(..., on_value=, off_value=)`. The port keeps the hand-written formula.
"""

from __future__ import annotations

import ast
from typing import Iterator, Optional

from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.tensorflow_names import tensorflow_function


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Name the calls whose labels come out of such a formula."""
    for call in module.calls:
        labels = module.followed(call.labels)
        smoothing = call.function.loss.smoothing if call.function.loss else ""
        if not smoothing or labels is None:
            continue
        if _is_formula(labels) or _is_off_value(module, labels):
            yield Remark(
                module.offset(call.node),
                Action.FLAGGED,
                f"the labels are smoothed by hand (line {labels.lineno}). label_smoothing=eps is "
                f"{smoothing}; use it if that is the formula, and keep yours if it isn't",
            )


def _is_formula(node: ast.expr) -> bool:
    """`(1 - eps) * labels + something`, or `0.9 * labels + 0.1 / 10`, in any order."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)):
        return False
    return any(
        isinstance(side, ast.BinOp)
        and isinstance(side.op, ast.Mult)
        and any(
            _is_one_minus(factor) or (_is_fraction(factor) and _is_number(other))
            for factor in (side.left, side.right)
        )
        for side, other in ((node.left, node.right), (node.right, node.left))
    )


def _is_fraction(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, float) and 0 < node.value < 1


def _is_number(node: ast.expr) -> bool:
    """A number, or an expression of numbers alone."""
    parts = list(ast.walk(node))
    return all(isinstance(each, (ast.Constant, ast.BinOp, ast.operator)) for each in parts)


def _is_one_minus(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Sub)
        and isinstance(node.left, ast.Constant)
        and node.left.value == 1
    )


def _is_off_value(module: Module, node: ast.expr) -> bool:
    if tensorflow_function(module, node) != "one_hot":
        return False
    assert isinstance(node, ast.Call)
    off = node.args[3] if len(node.args) > 3 else _keyword(node, "off_value")
    return off is not None and not (isinstance(off, ast.Constant) and not off.value)


def _keyword(node: ast.Call, name: str) -> Optional[ast.expr]:
    return next((each.value for each in node.keywords if each.arg == name), None)


RULE = Rule("KX106", "label smoothing by hand", check)
