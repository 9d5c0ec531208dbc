"""KX006: `tf.losses.Reduction.X` and TF1's strings become `keras_xent.Reduction.X`.

In a call that is ported. A constant elsewhere is named only: it may reach another loss of TF1's,
which doesn't know keras_xent's names. keras_xent's functions take TF1's constants as well.
"""

from __future__ import annotations

import ast
from typing import Iterable, Iterator, Optional, Union

from keras_xent.migrate import functions
from keras_xent.migrate.edits import Edit
from keras_xent.migrate.finding import Action, Remark
from keras_xent.migrate.module import Module
from keras_xent.migrate.options import Options
from keras_xent.migrate.registry import Rule
from keras_xent.migrate.tensorflow_names import called

_BY_STRING = {
    "none": "NONE",
    "weighted_sum": "SUM",
    "weighted_mean": "MEAN",
    "weighted_sum_over_batch_size": "SUM_OVER_BATCH_SIZE",
    "weighted_sum_by_nonzero_weights": "SUM_BY_NONZERO_WEIGHTS",
}


def check(module: Module, options: Options) -> Iterable[Remark]:
    """Port the constants of the calls, and name the others."""
    done = set()
    for value in _reductions(module):
        for node in ast.walk(value):
            member = _member(module, node)
            if member and isinstance(node, (ast.Attribute, ast.Constant, ast.Name)):
                done.add(node)
                yield _ported(module, node, member)
    for node in module.all(ast.Attribute):
        if node not in done and _constant(module, node) and not _reaches_tensorflow(module, node):
            yield Remark(
                module.offset(node),
                Action.FLAGGED,
                f"{module.source(node)} is left, for it may reach another loss: write "
                f"{module.package}.Reduction.{node.attr} if it only reaches {module.package}'s",
            )


def _reductions(module: Module) -> Iterator[ast.expr]:
    """The reductions of calls, and of `functools.partial`s, of the functions."""
    functions_named = {reference.node for reference in module.references}
    for call in module.calls:
        if "reduction" in call.arguments:
            yield call.arguments["reduction"]
    for partial in module.all(ast.Call):
        if partial.args and partial.args[0] in functions_named:
            for keyword in partial.keywords:
                if keyword.arg == "reduction":
                    yield keyword.value


def _member(module: Module, node: ast.AST) -> Optional[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _BY_STRING.get(node.value)
    return _constant(module, node)


def _constant(module: Module, node: ast.AST) -> Optional[str]:
    if not isinstance(node, (ast.Attribute, ast.Name)) or not isinstance(node.ctx, ast.Load):
        return None
    if isinstance(node, ast.Attribute) and node.attr not in functions.REDUCTIONS:
        return None
    if isinstance(node, ast.Name) and not module.is_imported(node):
        return None
    members = {functions.reduction_of(name) for name in module.names(node)}
    return members.pop() if len(members) == 1 else None


def _ported(
    module: Module, node: Union[ast.Attribute, ast.Constant, ast.Name], member: str
) -> Remark:
    new = f"{module.package}.Reduction.{member}"
    return Remark(
        module.offset(node),
        Action.PORTED,
        f"{module.source(node)} is {new}",
        (Edit(*module.lines.span(node), lambda old: new),),
        needs_import=True,
    )


def _reaches_tensorflow(module: Module, node: ast.AST) -> bool:
    """Whether it is an argument of another function of TensorFlow's."""
    ours = {call.node for call in module.calls}
    for each in module.scopes.ancestors(node):
        if isinstance(each, ast.Call):
            names = called(module, each)
            return each not in ours and any(name.startswith("tensorflow.") for name in names)
        if isinstance(each, ast.stmt):
            return False
    return False


RULE = Rule("KX006", "tf.losses.Reduction and its strings", check)
