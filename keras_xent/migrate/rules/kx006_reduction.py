"""KX006: `tf.losses.Reduction.X` and TF1's strings become `keras_xent.Reduction.X`.

In a call that is ported. A constant elsewhere is named only: it may reach another loss of TF1's,
which doesn't know keras_xent's names. keras_xent's functions take TF1's constants as well.
"""

from __future__ import annotations

import ast
from typing import Iterable, Iterator, Optional, Tuple, Union

from keras_xent.migrate import functions, tf1_modules
from keras_xent.migrate.constants import REDUCTION_STRINGS, results
from keras_xent.migrate.edits import Edit
from keras_xent.migrate.finding import Action, Remark
from keras_xent.migrate.module import Module, Reference
from keras_xent.migrate.options import Options
from keras_xent.migrate.registry import Rule
from keras_xent.migrate.rewriting import renamed
from keras_xent.migrate.tensorflow_names import called, is_tf1_code


def check(module: Module, options: Options) -> Iterable[Remark]:
    """Port the constants of the calls, and name the others."""
    done = set()
    for reference, value in _reductions(module):
        for node in results(value):
            member = _member(module, node)
            if member and isinstance(node, (ast.Attribute, ast.Constant, ast.Name)):
                done.add(node)
                yield _ported(module, reference, node, member)
    for node in module.all(ast.Attribute):
        if node not in done and _is_left(module, node):
            yield Remark(
                module.offset(node),
                Action.FLAGGED,
                f"{module.dotted(node)} is left, for it may reach another loss: write "
                f"{module.package}.Reduction.{node.attr} if it only reaches {module.package}'s",
            )


def _reductions(module: Module) -> Iterator[Tuple[Reference, ast.expr]]:
    """The reductions of calls, and of `functools.partial`s, of the functions."""
    for call in module.calls:
        # What a variable holds may have stayed TF1's.
        if "reduction" in call.arguments and call.reference.renamed:
            yield call.reference, call.arguments["reduction"]
    references = {reference.node: reference for reference in module.references}
    for partial in module.all(ast.Call):
        reference = references.get(partial.args[0]) if partial.args else None
        if reference and reference.renamed:
            for keyword in partial.keywords:
                if keyword.arg == "reduction":
                    yield reference, keyword.value


def _member(module: Module, node: ast.AST) -> Optional[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return REDUCTION_STRINGS.get(node.value)
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
    module: Module,
    reference: Reference,
    node: Union[ast.Attribute, ast.Constant, ast.Name],
    member: str,
) -> Remark:
    new = f"{module.package}.Reduction.{member}"
    return Remark(
        module.offset(node),
        Action.PORTED,
        f"{module.dotted(node)} is {new}",
        (Edit(*module.lines.span(node), lambda old: renamed(old, new)),),
        needs_import=True,
        part_of=None if reference.ported else module.offset(reference.node),
    )


def _is_left(module: Module, node: ast.Attribute) -> bool:
    """Whether it is a constant that is TF1's and may reach what was ported."""
    if not _constant(module, node) or _reaches_tensorflow(module, node):
        return False
    certain = all(tf1_modules.is_tf1(name) for name in module.names(node))
    return certain or bool(module.references) or is_tf1_code(module)  # or TF2's Keras's


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
