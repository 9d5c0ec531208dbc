"""KX006: `tf.losses.Reduction.X` and TF1's strings become `keras_xent.Reduction.X`.

This applies to ported calls. A constant elsewhere stays: it may be passed to another TF1 loss,
which doesn't accept our names, and keras_xent's functions accept TF1's constants too.
"""

from __future__ import annotations

import ast
from typing import Iterable, Iterator

from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.module import Module, Reference
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.rewriting import renamed
from keras_xent_cli.migrate.source.constants import REDUCTION_STRINGS, results
from keras_xent_cli.migrate.source.edits import Edit
from keras_xent_cli.migrate.tensorflow import functions


def check(module: Module, options: Options) -> Iterable[Remark]:
    """Port the constants of the calls."""
    for reference, value in _reductions(module):
        for node in results(value):
            member = _member(module, node)
            if member and isinstance(node, (ast.Attribute, ast.Constant, ast.Name)):
                yield _ported(module, reference, node, member)


def _reductions(module: Module) -> Iterator[tuple[Reference, ast.expr]]:
    """The reductions in calls and in `functools.partial`s of the functions."""
    for call in module.calls:
        # A call through a variable may still call TF1's function.
        if "reduction" in call.arguments and call.reference.renamed:
            yield call.reference, call.arguments["reduction"]
    references = {reference.node: reference for reference in module.references}
    for partial in module.all(ast.Call):
        reference = references.get(partial.args[0]) if partial.args else None
        if reference and reference.renamed:
            for keyword in partial.keywords:
                if keyword.arg == "reduction":
                    yield reference, keyword.value


def _member(module: Module, node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return REDUCTION_STRINGS.get(node.value)
    return _constant(module, node)


def _constant(module: Module, node: ast.AST) -> str | None:
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
    node: ast.Attribute | ast.Constant | ast.Name,
    member: str,
) -> Remark:
    new = f"{module.package}.Reduction.{member}"
    return Remark(
        module.offset(node),
        Action.PORTED,
        f"{module.dotted(node)} becomes {new}",
        (Edit(*module.lines.span(node), lambda old: renamed(old, new)),),
        needs_import=True,
        part_of=None if reference.ported else module.offset(reference.node),
    )


RULE = Rule("KX006", "tf.losses.Reduction and its strings", check)
