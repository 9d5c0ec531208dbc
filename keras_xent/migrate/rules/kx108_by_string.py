"""KX108: a function that is reached, tested or replaced by its name.

`getattr(tf.losses, name)`, `hasattr(tf.nn, "softmax_cross_entropy_with_logits_v2")`, and an
assignment to `tf.losses.softmax_cross_entropy` can't be followed in the text.
"""

from __future__ import annotations

import ast
from typing import Iterator

from keras_xent.migrate import functions, tf1_modules
from keras_xent.migrate.finding import Action, Remark
from keras_xent.migrate.module import Module
from keras_xent.migrate.options import Options
from keras_xent.migrate.registry import Rule
from keras_xent.migrate.tf1_modules import canonical

_REPLACED = "is replaced here; what is ported no longer sees that"
_BUILTINS = ("getattr", "hasattr", "setattr")
_LOSSES = (*tf1_modules.LOSSES_MODULES, *tf1_modules.CONTRIB_LOSSES_MODULES)


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Name the built-in functions on TF1's modules, and the assignments to its functions."""
    for node in module.all(ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in _BUILTINS and len(node.args) >= 2:
            message = _of_builtin(module, node, node.func.id)
            if message:
                yield Remark(module.offset(node), Action.FLAGGED, message)
    for target in module.all(ast.Attribute):
        stored = not isinstance(target.ctx, ast.Load)
        if stored and any(functions.tf1_function(name) for name in module.names(target)):
            yield Remark(
                module.offset(target),
                Action.FLAGGED,
                f"{module.source(target)} {_REPLACED}",
            )


def _of_builtin(module: Module, node: ast.Call, builtin: str) -> str:
    owner, name = node.args[0], node.args[1]
    owners = {canonical(each) for each in module.names(owner)}
    literal = name.value if isinstance(name, ast.Constant) else None
    if isinstance(literal, str):
        if not any(functions.tf1_function(f"{each}.{literal}") for each in owners):
            return ""
        if builtin == "hasattr":
            return (
                f"whether {module.source(owner)} has {literal} no longer matters to what is "
                "ported: keep the branch that was taken"
            )
        if builtin == "setattr":
            return f"{module.source(owner)}.{literal} {_REPLACED}"
        return f"write the name out, {module.source(owner)}.{literal}, and run this again"
    if owners & set(_LOSSES):
        of_contrib = owners & set(tf1_modules.CONTRIB_LOSSES_MODULES)
        return (
            f"which loss {module.source(node)} is, is known only when it runs: if it can be "
            f"a cross entropy, take that from {module.package}.v1"
            f"{', which takes the labels first' if of_contrib else ''}"
        )
    return ""


RULE = Rule("KX108", "a function reached by its name: getattr, hasattr, setattr", check)
