"""The functions of `tf.nn` that take keywords alone: all but the newest of TF1's."""

from __future__ import annotations

import ast
from typing import Iterator, List, Optional

from keras_xent_cli.migrate.finding import Remark
from keras_xent_cli.migrate.module import Call, Module, Reference
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.porting import flagged, port_reference
from keras_xent_cli.migrate.source import variables
from keras_xent_cli.migrate.source.function import Function
from keras_xent_cli.migrate.tensorflow.eras import Era


def problem(call: Call) -> str:
    """Why TF1 refuses a call; "" if it doesn't, or if that is known only when it runs."""
    if call.node.args:
        return (
            "positional arguments, which TF1 refuses (TensorFlow 0 took the logits first, "
            "TensorFlow 2 takes the labels): name labels= and logits="
        )
    if "none of its arguments" in call.problem or "given twice" in call.problem:
        return f"{call.problem}: name labels= and logits="
    return ""


def port_keyword_function(module: Module, options: Options, function: Function) -> Iterator[Remark]:
    """Port the references of a function that is the same in TF1 and TF2, but for this.

    Of TF2's, the first two arguments may be positional. A call that has such is named in TF1 code,
    and left in what may be TF2 code. A function that is handed on is named too, unless it can only
    be called with keywords, or stands in TF2 code.
    """
    for reference in module.references:
        if reference.function is not function:
            continue
        if reference.ported or reference.tf1_for_certain or module.era is Era.TF1:
            remark = port_of_tf1(module, options, reference)
        else:
            remark = _port_of_either(module, options, reference)
        if remark:
            yield remark


def port_of_tf1(module: Module, options: Options, reference: Reference) -> Optional[Remark]:
    """Port a reference in TF1 code, or name it if it may get positional arguments."""
    call = module.call_through(reference)
    message = problem(call) if call else ""
    if message:
        return flagged(module, reference, message)
    if call is None and not reference.ported and not is_called_with_keywords(module, reference):
        if not reference.renamed or is_only_called(module, reference):
            return None  # named where the variable is made, or where it is called
        return flagged(module, reference, f"handed on, and {_advice(module, reference)}")
    return port_reference(module, options, reference, call)


def _port_of_either(module: Module, options: Options, reference: Reference) -> Optional[Remark]:
    call = module.call_through(reference)
    if call is None and not is_called_with_keywords(module, reference):
        if not reference.renamed or module.era is Era.TF2:
            return None
        message = "handed on, and no name here or beside it says whether it is TF1 code: "
        return flagged(module, reference, message + _advice(module, reference))
    if call and problem(call):
        return None
    return port_reference(module, options, reference, call)


def _advice(module: Module, reference: Reference) -> str:
    name = f"{module.package}.v1.{reference.function.name}"
    return (
        "it may get positional arguments, which TF1 refuses, as keras_xent.v1 does, and of which "
        "TensorFlow 2 takes the labels first: hand on "
        f"lambda labels, logits: {name}(labels=labels, logits=logits)"
    )


def is_called_with_keywords(module: Module, reference: Reference) -> bool:
    """Whether it is certain that a function that is handed on gets no positional arguments.

    So it is in `functools.partial(f, labels=...)`, after which a positional argument is an error,
    and for a variable, of the function or its `partial`, that this file calls with keywords alone.
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
    """Whether it is the value of a variable that is only called, where a rule sees each call."""
    calls = _calls_of_variable(module, reference.node)
    return bool(calls) and all(module.call_of(call) for call in calls)


def _calls_of_variable(module: Module, node: ast.expr) -> List[ast.Call]:
    """The calls of the variable that a value is assigned to; none if it is used otherwise."""
    parent = module.scopes.parent(node)
    if not isinstance(parent, ast.Assign) or len(parent.targets) != 1:
        return []
    (target,) = parent.targets
    names = variables.uses(module, target) if isinstance(target, ast.Name) else None
    calls: List[ast.Call] = []
    for name in names or ():
        call = module.scopes.parent(name)
        if not isinstance(call, ast.Call) or call.func is not name:
            return []
        calls.append(call)
    return calls
