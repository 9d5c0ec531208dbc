"""The functions of `tf.nn` that accept only keywords: all of TF1's except the newest."""

from __future__ import annotations

import ast
from typing import Iterator

from keras_xent_cli.migrate.finding import Remark
from keras_xent_cli.migrate.module import Call, Module, Reference
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.porting import flagged, port_reference
from keras_xent_cli.migrate.source import variables
from keras_xent_cli.migrate.source.function import Function
from keras_xent_cli.migrate.tensorflow.eras import UNKNOWN, Era


def problem(call: Call) -> str:
    """Why TF1 raises an error for a call; "" if it doesn't, or if that isn't known."""
    if call.node.args:
        return (
            "TF1 raises an error for positional arguments (TensorFlow 0.x expected the logits "
            "first, TensorFlow 2 expects the labels first). Pass labels= and logits= by keyword"
        )
    if "one of its arguments" in call.problem or "passed twice" in call.problem:
        return f"{call.problem}. Pass labels= and logits= by keyword"
    return ""


def port_keyword_function(module: Module, options: Options, function: Function) -> Iterator[Remark]:
    """Port the references to a function that differs only in this between TF1 and TF2.

    In TF2, the first two arguments may be positional. Such a call is reported in TF1 code, and
    stays in code that may be TF2's. A function that isn't called here is reported too, unless it
    can only be called with keywords, or is in TF2 code.
    """
    for reference in module.references:
        if reference.function is not function:
            continue
        certain = reference.ported or reference.tf1_for_certain
        if certain or module.certain_era is Era.TF1:
            remark = port_of_tf1(module, options, reference)
        else:
            remark = _port_of_either(module, options, reference)
        if remark:
            yield remark


def port_of_tf1(module: Module, options: Options, reference: Reference) -> Remark | None:
    """Port a reference in TF1 code, or report it if it may be called with positional arguments."""
    call = module.call_through(reference)
    message = problem(call) if call else ""
    if message:
        return flagged(module, reference, message)
    if call is None and not reference.ported and not is_called_with_keywords(module, reference):
        if not reference.renamed or is_only_called(module, reference):
            return None  # reported where the variable is assigned, or where it is called
        return flagged(module, reference, _advice(module, reference))
    return port_reference(module, options, reference, call)


def _port_of_either(module: Module, options: Options, reference: Reference) -> Remark | None:
    call = module.call_through(reference)
    if call is None and not is_called_with_keywords(module, reference):
        if not reference.renamed or module.era is Era.TF2:
            return None
        return flagged(module, reference, f"{UNKNOWN}: {_advice(module, reference)}")
    if call and problem(call):
        return None
    return port_reference(module, options, reference, call)


def _advice(module: Module, reference: Reference) -> str:
    name = f"{module.package}.v1.{reference.function.name}"
    return (
        "the function is passed as an argument or assigned, so it may be called with positional "
        "arguments. TF1 and keras_xent.v1 raise an error for them, and TensorFlow 2 expects the "
        f"labels first. Use lambda labels, logits: {name}(labels=labels, logits=logits)"
    )


def is_called_with_keywords(module: Module, reference: Reference) -> bool:
    """Whether a function that isn't called here is certainly called only with keywords elsewhere.

    This is true in `functools.partial(f, labels=...)`, after which a positional argument is an
    error, and for a variable with the function or its `partial` that this file calls only with
    keywords.
    """
    node = reference.node
    parent = module.scopes.parent(node)
    if isinstance(parent, ast.Call) and module.names(parent.func) == {"functools.partial"}:
        if len(parent.args) != 1 or parent.args[0] is not node:
            return False
        if "labels" in {keyword.arg for keyword in parent.keywords}:
            return True
        node = parent
    calls = _calls_of_variable(module, node)
    return bool(calls) and not any(call.args for call in calls)


def is_only_called(module: Module, reference: Reference) -> bool:
    """Whether it is assigned to a variable that is only called, so a rule sees each call."""
    calls = _calls_of_variable(module, reference.node)
    return bool(calls) and all(module.call_of(call) for call in calls)


def _calls_of_variable(module: Module, node: ast.expr) -> list[ast.Call]:
    """The calls of the variable that holds a function; none if the variable has other uses."""
    parent = module.scopes.parent(node)
    if not isinstance(parent, ast.Assign) or len(parent.targets) != 1:
        return []
    (target,) = parent.targets
    names = variables.uses(module, target) if isinstance(target, ast.Name) else None
    calls: list[ast.Call] = []
    for name in names or ():
        call = module.scopes.parent(name)
        if not isinstance(call, ast.Call) or call.func is not name:
            return []
        calls.append(call)
    return calls
