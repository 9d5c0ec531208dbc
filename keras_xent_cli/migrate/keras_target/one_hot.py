"""Smoothing that is written into `tf.one_hot(..., on_value=, off_value=)`."""

from __future__ import annotations

import ast

from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.tensorflow.tensorflow_names import tensorflow_function

_PARAMETERS = ("indices", "depth", "on_value", "off_value", "axis")
_CASTS = ("to_float", "cast", "constant", "convert_to_tensor")


def off_value(module: Module, node: ast.expr) -> ast.expr | None:
    """The value of the other classes, if `node` is such a call and it isn't 0."""
    off = _argument(module, node, "off_value")
    return None if isinstance(off, ast.Constant) and not off.value else off


def label_smoothing(module: Module, node: ast.expr) -> str:
    """The smoothing of labels whose wrong classes share the mass that the right class lacks.

    If the right class has `c` and every other class `(1 - c) / (N - 1)`, it is
    `(1 - c) * N / (N - 1)`.

    Returns:
        Source code; "" if the labels may have another form.
    """
    on, off, depth = (_argument(module, node, each) for each in ("on_value", "off_value", "depth"))
    divided = module.followed(off)
    if on is None or depth is None or not isinstance(divided, ast.BinOp):
        return ""
    is_last_axis = _argument(module, node, "axis") is None
    if not (is_last_axis and isinstance(divided.op, ast.Div)):
        return ""
    lacking, others = divided.left, divided.right
    if not _is_one_less(module, _without_cast(module, others), depth):
        return ""
    if not (_is_rest(module, lacking, on) or _is_rest(module, on, lacking)):
        return ""
    return f"{_factor(module, lacking)} * {_factor(module, depth)} / ({_factor(module, depth)} - 1)"


def _argument(module: Module, node: ast.expr, name: str) -> ast.expr | None:
    if tensorflow_function(module, node) != "one_hot":
        return None
    assert isinstance(node, ast.Call)
    position = _PARAMETERS.index(name)
    if len(node.args) > position:
        return node.args[position]
    return next((each.value for each in node.keywords if each.arg == name), None)


def _is_rest(module: Module, rest: ast.expr, of: ast.expr) -> bool:
    """Whether `rest` is `1 - of`."""
    value, number = _number(module, rest), _number(module, of)
    if value is not None and number is not None:
        return abs(value + number - 1) < 1e-9
    value_of = module.followed(rest)
    return (
        isinstance(value_of, ast.BinOp)
        and isinstance(value_of.op, ast.Sub)
        and _number(module, value_of.left) == 1
        and _is_same(module, value_of.right, of)
    )


def _is_one_less(module: Module, less: ast.expr, than: ast.expr) -> bool:
    value, number = _number(module, less), _number(module, than)
    if value is not None and number is not None:
        return value == number - 1
    less = module.followed(less) or less
    return (
        isinstance(less, ast.BinOp)
        and isinstance(less.op, ast.Sub)
        and _number(module, less.right) == 1
        and _is_same(module, _without_cast(module, less.left), than)
    )


def _is_same(module: Module, one: ast.expr, other: ast.expr) -> bool:
    """Whether two expressions, or their values, have the same source."""
    first, second = (module.followed(each) or each for each in (one, other))
    return ast.dump(one) == ast.dump(other) or ast.dump(first) == ast.dump(second)


def _number(module: Module, node: ast.expr) -> float | None:
    """The value of an expression of numbers."""
    node = module.followed(node) or node
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return float(node.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        left, right = _number(module, node.left), _number(module, node.right)
        return None if left is None or right is None else left - right
    return None


def _without_cast(module: Module, node: ast.expr) -> ast.expr:
    node = module.followed(node) or node
    if isinstance(node, ast.Call) and node.args:
        is_float = isinstance(node.func, ast.Name) and node.func.id == "float"
        function = tensorflow_function(module, node) or module.dotted(node.func).rsplit(".")[-1]
        if is_float or function in _CASTS:
            return node.args[0]
    return node


def _factor(module: Module, node: ast.expr) -> str:
    source = " ".join(module.source(node).split())
    is_one = isinstance(node, (ast.Attribute, ast.Call, ast.Constant, ast.Name, ast.Subscript))
    return source if is_one else f"({source})"
