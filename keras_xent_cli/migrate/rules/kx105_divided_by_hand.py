"""KX105: the program passes `weights=mask`, and then divides by the sum of the mask.

The default reduction has already divided by the number of non-zero weights. TF1 and the port
compute both divisions, which is rarely what the user wants.
"""

from __future__ import annotations

import ast
import dataclasses
from typing import Iterator

from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.module import Call, Module
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.source.names import UNKNOWN
from keras_xent_cli.migrate.source.scopes import Other, dotted
from keras_xent_cli.migrate.source.stored import assignment, followed
from keras_xent_cli.migrate.tensorflow.tensorflow_names import tensorflow_function

_PRODUCTS = ("multiply", "mul", "scalar_mul")
_DIVISIONS = ("div", "divide", "divide_no_nan", "div_no_nan", "truediv", "realdiv")
_SUMS = ("reduce_sum", "count_nonzero", "sum", "reduce_mean")
_LONGEST_WAY = 20


@dataclasses.dataclass
class _Fraction:
    """The factors and divisors of an expression."""

    above: list[ast.expr] = dataclasses.field(default_factory=list)
    below: list[ast.expr] = dataclasses.field(default_factory=list)

    def inverse(self) -> _Fraction:
        """Its inverse, with the same lists."""
        return _Fraction(self.below, self.above)


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Report the divisions of a weighted loss by a sum of its weights."""
    if not any(_divides(module, call) for call in module.calls):
        return
    reported: set[ast.AST] = set()
    for node in module.all(ast.AST):  # outermost first, so each product is reported once
        if node not in reported and isinstance(node, (ast.BinOp, ast.Call, ast.AugAssign)):
            found = _divided_twice(module, _fraction(module, node))
            if found:
                reported.update(ast.walk(node))
                yield Remark(module.offset(node), Action.FLAGGED, _message(module, *found))


def _message(module: Module, loss: ast.expr, divisor: ast.expr) -> str:
    return (
        f"{module.source(loss)} is divided by {module.source(divisor)}, but its reduction has "
        "already divided it (by default, by the number of non-zero weights). If you want only one "
        "division, pass reduction=keras_xent.Reduction.SUM to the loss"
    )


def _fraction(module: Module, node: ast.AST) -> _Fraction:
    fraction = _Fraction()
    if isinstance(node, ast.AugAssign) and isinstance(node.op, (ast.Mult, ast.Div)):
        _take_apart(module, node.target, fraction)
        is_product = isinstance(node.op, ast.Mult)
        _take_apart(module, node.value, fraction if is_product else fraction.inverse())
    elif isinstance(node, ast.expr):
        _take_apart(module, node, fraction)
    return fraction


def _take_apart(
    module: Module, node: ast.expr, fraction: _Fraction, steps: int = _LONGEST_WAY
) -> None:
    """Add the factors of an expression, and those of variables that aren't losses."""
    value: ast.expr | None = node
    is_variable = isinstance(node, (ast.Attribute, ast.Name))
    if is_variable and _weighted_loss(module, node) is None:
        value = followed(module, node)
    operands = _operands(module, value) if steps else []
    if not operands:
        fraction.above.append(node)
        return
    parts = _Fraction()
    for operand, is_divisor in operands:
        _take_apart(module, operand, parts.inverse() if is_divisor else parts, steps - 1)
    if value is not node and _divided_twice(module, parts):
        return  # reported where the variable is assigned
    fraction.above.extend(parts.above)
    fraction.below.extend(parts.below)


def _operands(module: Module, node: ast.expr | None) -> list[tuple[ast.expr, bool]]:
    """The operands of a product or a quotient, and whether each is a divisor."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
        return [(node.left, False), (node.right, isinstance(node.op, ast.Div))]
    function = tensorflow_function(module, node)
    if not isinstance(node, ast.Call) or not node.args:
        return []
    if function == "reciprocal":
        return [(node.args[0], True)]
    if function in (*_PRODUCTS, *_DIVISIONS) and len(node.args) >= 2:
        return [(node.args[0], False), (node.args[1], function in _DIVISIONS)]
    return []


def _divided_twice(module: Module, fraction: _Fraction) -> tuple[ast.expr, ast.expr] | None:
    """A weighted loss in the product, and the sum of its weights by which it is divided."""
    for factor in fraction.above if fraction.below else ():
        call = _weighted_loss(module, factor)
        if call is None:
            continue
        others = [each for each in fraction.above if each is not factor]
        if any(_is_sum_of_weights(module, call, each) for each in others):
            continue  # this undoes one of the divisions
        for divisor in fraction.below:
            if _is_sum_of_weights(module, call, divisor):
                return factor, divisor
    return None


def _weighted_loss(module: Module, node: ast.expr) -> Call | None:
    """The call of a factor, if it weights and divides."""
    for _ in range(_LONGEST_WAY):
        call = module.call_of(followed(module, _inside_sum(module, node)))
        if call:
            return call if _divides(module, call) else None
        before = _before(module, node)
        if before is None:
            return None
        node = before
    return None


def _before(module: Module, node: ast.expr) -> ast.expr | None:
    """The value of a variable before the last `*=` or `/=`."""
    if isinstance(node, ast.Attribute):
        return _scaled(assignment(module, node))
    if not isinstance(node, ast.Name):
        return None
    last = module.scopes.last_binding(node)
    return _scaled(module.scopes.parent(last.node)) if isinstance(last, Other) else None


def _scaled(statement: ast.AST | None) -> ast.expr | None:
    """What a `*=` or `/=` changes."""
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, (ast.Mult, ast.Div)):
        return statement.target
    return None


def _inside_sum(module: Module, node: ast.expr) -> ast.expr:
    """The loss in `tf.reduce_sum(loss)`, which is the same for a scalar."""
    value = followed(module, node)
    if isinstance(value, ast.Call) and tensorflow_function(module, value) in _SUMS and value.args:
        return value.args[0]
    return node


def _divides(module: Module, call: Call) -> bool:
    if not call.function.reduces or call.arguments.get("weights") is None:
        return False
    reduction = call.arguments.get("reduction")
    return reduction is None or not _is_undivided(module, reduction)


def _is_sum_of_weights(module: Module, call: Call, node: ast.expr) -> bool:
    sums = [
        each
        for each in ast.walk(followed(module, node) or node)
        if isinstance(each, ast.Call) and _function(module, each) in _SUMS
    ]
    weights = _words(module, call.arguments["weights"])
    return any(weights & _words(module, each) for each in sums)


def _is_undivided(module: Module, reduction: ast.expr) -> bool:
    if isinstance(reduction, ast.Constant):
        return reduction.value in ("none", "weighted_sum", "sum")
    ends = {name.rsplit(".", 1)[-1] for name in module.names(reduction)}
    return bool(ends) and ends <= {"NONE", "SUM"}


def _function(module: Module, call: ast.Call) -> str:
    name = tensorflow_function(module, call)
    if isinstance(call.func, ast.Name):
        return name or call.func.id
    return name or (call.func.attr if isinstance(call.func, ast.Attribute) else "")


def _words(module: Module, node: ast.expr) -> set[str]:
    """The variables of an expression and of their values, without modules and functions."""
    here = list(ast.walk(node))
    held = [followed(module, each) for each in here if isinstance(each, (ast.Attribute, ast.Name))]
    parts = [*here, *(part for each in held if each for part in ast.walk(each))]
    called = {each.func for each in parts if isinstance(each, ast.Call)}
    words = set()
    for each in parts:
        if each in called:
            continue
        if isinstance(each, ast.Name) and not module.is_imported(each):
            words.add(each.id)
        elif isinstance(each, ast.Attribute) and module.names(each) <= {UNKNOWN}:
            words.add(dotted(each))
    return words - {"", "self"}


RULE = Rule("KX105", "a weighted loss that is divided twice", check, is_defect=True)
