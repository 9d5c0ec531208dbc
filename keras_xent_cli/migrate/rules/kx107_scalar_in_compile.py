"""KX107: the program passes a loss that returns one number to `compile`.

Keras multiplies the result of a compiled loss by `sample_weight`, and then averages. For a scalar,
this isn't the weighted loss. A loss object, or a function that returns a loss for each example, is
weighted correctly.
"""

from __future__ import annotations

import ast
from typing import Iterator

from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.module import Call, Module
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.source.function import Function
from keras_xent_cli.migrate.source.scopes import Other
from keras_xent_cli.migrate.tensorflow.tensorflow_names import tensorflow_function

_AVERAGES = ("reduce_mean", "reduce_sum")
_AXES = ("axis", "reduction_indices")
_MOST_PARTIALS = 20


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Report the `compile` calls with a scalar loss function of this file."""
    for node in module.all(ast.Call):
        if not (isinstance(node.func, ast.Attribute) and node.func.attr == "compile"):
            continue
        for loss in _losses(node):
            function = _scalar(module, loss)
            if function:
                of = function.loss.object_name if function.loss else "CategoricalCrossentropy"
                yield Remark(
                    module.offset(loss),
                    Action.FLAGGED,
                    f"{module.source(loss)} returns one number, and Keras multiplies it by "
                    "sample_weight, which isn't the weighted loss. Pass "
                    f"{module.package}.{of}(from_logits=True, reduction=…) to compile",
                )


def _losses(node: ast.Call) -> Iterator[ast.expr]:
    values = [keyword.value for keyword in node.keywords if keyword.arg == "loss"]
    for value in values or node.args[1:2]:
        if isinstance(value, (ast.List, ast.Tuple)):
            yield from value.elts
        elif isinstance(value, ast.Dict):
            yield from value.values
        else:
            yield value


def _scalar(module: Module, loss: ast.expr, steps: int = _MOST_PARTIALS) -> Function | None:
    """The function whose scalar result a loss returns; None if it doesn't return one."""
    value = module.followed(loss)
    if isinstance(value, ast.Call) and module.names(value.func) == {"functools.partial"}:
        given = {each.arg: each.value for each in value.keywords}
        reduces = _reduces(module, given.get("reduction"))
        can_go_on = value.args and reduces and steps
        return _scalar(module, value.args[0], steps - 1) if can_go_on else None
    reference = next((each for each in module.references if each.node is loss), None)
    if reference:
        gives_scalar = reference.function.reduces and reference.function.loss is not None
        return reference.function if gives_scalar else None
    function = _function(module, loss)
    if function is None:
        return None
    inside = set(ast.walk(function))
    found = (call for call in module.calls if call.node in inside and _gives_scalar(module, call))
    return next((call.function for call in found), None)


def _function(module: Module, loss: ast.expr) -> ast.AST | None:
    value = module.followed(loss)
    if isinstance(value, ast.Lambda):
        return value
    if not isinstance(value, ast.Name):
        return None
    nodes = [
        binding.node
        for binding in module.scopes.of(value).lookup(value.id)
        if isinstance(binding, Other)
    ]
    return next((node for node in nodes if isinstance(node, ast.FunctionDef)), None)


def _gives_scalar(module: Module, call: Call) -> bool:
    if not call.function.reduces:
        parent = module.scopes.parent(call.node)
        if tensorflow_function(module, parent) not in _AVERAGES:
            return False
        assert isinstance(parent, ast.Call)
        return len(parent.args) == 1 and not any(each.arg in _AXES for each in parent.keywords)
    return _reduces(module, call.arguments.get("reduction"))


def _reduces(module: Module, reduction: ast.expr | None) -> bool:
    if reduction is None:
        return True
    if isinstance(reduction, ast.Constant):
        return reduction.value != "none"
    return not any(name.endswith(".NONE") for name in module.names(reduction))


RULE = Rule("KX107", "a scalar loss in compile", check, is_defect=True)
