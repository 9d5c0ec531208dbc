"""KX106: labels are smoothed by hand.

`labels * (1 - eps) + eps / N` before the loss is `label_smoothing=eps` only if `N` is the number of
classes, or 2 for the sigmoid. Labels with `c` for the right class and `(1 - c) / (N - 1)` for every
other, usually from `one_hot(..., on_value=, off_value=)`, need another `label_smoothing`. The port
keeps the hand-written formula.
"""

from __future__ import annotations

import ast
from typing import Iterator

from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.keras_target import one_hot
from keras_xent_cli.migrate.module import Call, Module
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.source.function import Loss


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Report the calls whose labels come from such a formula."""
    for call in module.calls:
        labels = module.followed(call.labels)
        loss = call.function.loss
        if not loss or not loss.smoothing or labels is None:
            continue
        if _is_formula(labels) or one_hot.off_value(module, labels) is not None:
            yield Remark(
                module.offset(call.node),
                Action.NOTED,
                f"the labels are smoothed by hand (line {labels.lineno}). "
                f"{_advice(module, call, loss, labels)}{_who_has_it(module, call, loss)}",
            )


def _advice(module: Module, call: Call, loss: Loss, labels: ast.expr) -> str:
    advice = (
        f"label_smoothing=eps computes {loss.smoothing}. Use it if your formula is the same, and "
        "keep your formula if it isn't"
    )
    if loss.averages_classes:
        return advice
    smoothing = (
        "" if {"axis", "dim"} & set(call.arguments) else one_hot.label_smoothing(module, labels)
    )
    if smoothing:
        return (
            f"Plain one-hot labels with label_smoothing={smoothing} give the same loss (it must be "
            "a Python number)"
        )
    return (
        f"{advice}. If the right class has c and every other class has (1 - c) / (num_classes - "
        "1), use label_smoothing=(1 - c) * num_classes / (num_classes - 1)"
    )


def _who_has_it(module: Module, call: Call, loss: Loss) -> str:
    function = call.function
    if "label_smoothing" in function.parameters:
        return ""
    name = "sigmoid_cross_entropy" if loss.averages_classes else "softmax_cross_entropy"
    axis = " (for classes on the last axis)" if {"axis", "dim"} & set(call.arguments) else ""
    package = module.package
    return (
        f". {function.name} has no label_smoothing. {package}.v1.{name} has it{axis}, and returns "
        f"the same losses with reduction={package}.Reduction.NONE, loss_collection=None"
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
    """A number, or an expression of numbers only."""
    parts = list(ast.walk(node))
    return all(isinstance(each, (ast.Constant, ast.BinOp, ast.operator)) for each in parts)


def _is_one_minus(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Sub)
        and isinstance(node.left, ast.Constant)
        and node.left.value == 1
    )


RULE = Rule("KX106", "labels smoothed by hand", check)
