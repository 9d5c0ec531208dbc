"""KX108: a function that the program finds, tests or replaces by name.

`getattr(tf.losses, name)`, `hasattr(tf.nn, "softmax_cross_entropy_with_logits_v2")`, an assignment
to `tf.losses.softmax_cross_entropy`, and `eval("tf.losses.softmax_cross_entropy")` can't be
followed in the source.
"""

from __future__ import annotations

import ast
import re
from typing import Iterator

from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.tensorflow import functions, tf1_modules
from keras_xent_cli.migrate.tensorflow.tf1_modules import canonical

_REPLACED = (
    "is replaced here, but the ported code calls the one in keras_xent.v1: replace that instead"
)
_BUILTINS = ("getattr", "hasattr", "setattr")
_EVALUATING = ("eval", "exec")
_LOGGING = ("debug", "info", "warn", "warning", "error", "exception", "critical", "fatal", "log")
_PRINTING = ("print", *_LOGGING)
_NAME = (
    rf"losses\.(?:{'|'.join(sorted(functions.LOSSES_NAMES))})"
    rf"|nn\.(?:{'|'.join(sorted(functions.NN_NAMES))})"
)
_IN_CODE = re.compile(rf"(?<!\w)(?:{_NAME})(?!\w)|(?<!\w)(?<!keras\.)losses\.\Z")
_WHOLE_NAME = re.compile(rf"(?:tf\w*|tensorflow)\.(?:\w+\.)*(?:{_NAME})")
_LOSSES = (*tf1_modules.LOSSES_MODULES, *tf1_modules.CONTRIB_LOSSES_MODULES)


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Report calls of built-in functions on TF1's modules, and assignments to its functions."""
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
    yield from _evaluations(module)
    yield from _arguments(module)


def _evaluations(module: Module) -> Iterator[Remark]:
    for node in module.all(ast.Call):
        evaluates = isinstance(node.func, ast.Name) and node.func.id in _EVALUATING
        if evaluates and any(_IN_CODE.search(each) for each in _evaluated(module, node)):
            yield Remark(
                module.offset(node),
                Action.FLAGGED,
                "the loss is in a string, and the codemod doesn't port strings. Write it as code "
                f"and run the codemod again, or use the name in {module.package}.v1",
            )


def _arguments(module: Module) -> Iterator[Remark]:
    for string in module.all(ast.Constant):
        text = string.value
        if isinstance(text, str) and _WHOLE_NAME.fullmatch(text) and _is_argument(module, string):
            is_contrib = any(part in text for part in ("contrib.", "slim."))
            yield Remark(
                module.offset(string),
                Action.FLAGGED,
                f"{text} is in a string: if the program looks up or replaces the function by this "
                f"name, write {module.package}.v1.{text.rsplit('.', 1)[1]}"
                f"{', which expects the labels first' if is_contrib else ''}",
            )


def _evaluated(module: Module, node: ast.Call) -> Iterator[str]:
    """The strings in the arguments of `eval` and `exec`."""
    for argument in node.args:
        for each in ast.walk(module.followed(argument) or argument):
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                yield each.value


def _is_argument(module: Module, node: ast.Constant) -> bool:
    """Whether a string is an argument of a function that may look it up; not `print` or a log."""
    call = module.scopes.parent(node)
    if isinstance(call, ast.keyword):
        call = module.scopes.parent(call)
    if not isinstance(call, ast.Call):
        return False
    name = module.dotted(call.func).rsplit(".", 1)[-1]
    return name not in (*_EVALUATING, *_PRINTING)


def _of_builtin(module: Module, node: ast.Call, builtin: str) -> str:
    owner, name = node.args[0], node.args[1]
    owners = {canonical(each) for each in module.names(owner)}
    literal = name.value if isinstance(name, ast.Constant) else None
    if isinstance(literal, str):
        if not any(functions.tf1_function(f"{each}.{literal}") for each in owners):
            return ""
        if builtin == "hasattr":
            return (
                f"the ported code doesn't need {module.source(owner)}.{literal}: keep the branch "
                "that your program used, and remove the check"
            )
        if builtin == "setattr":
            return f"{module.source(owner)}.{literal} {_REPLACED}"
        return (
            f"getattr looks up the function by name: write {module.source(owner)}.{literal} "
            "instead, and run the codemod again"
        )
    if owners & set(_LOSSES):
        of_contrib = owners & set(tf1_modules.CONTRIB_LOSSES_MODULES)
        return (
            f"the codemod can't know which loss {module.source(node)} refers to. If it can be a "
            f"cross entropy, use the one in {module.package}.v1"
            f"{', which expects the labels first' if of_contrib else ''}"
        )
    return ""


RULE = Rule("KX108", "a function found by its name: getattr, hasattr, setattr, strings", check)
