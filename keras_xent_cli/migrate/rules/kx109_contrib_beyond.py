"""KX109: other things that TensorFlow 2 doesn't have.

TensorFlow 2 has no `tf.contrib`. KX005 ports only its cross entropies, and its other losses are
reported one by one. A ported file is only useful if TensorFlow 2 can import it. So if a file uses
one of the functions, this also reports, once, the rest of contrib and the imports of other names
that TensorFlow 2 doesn't have.
"""

from __future__ import annotations

import ast
import re
from typing import Collection, Iterator, Union

from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.leftovers import Leftovers, qualified_name
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.tensorflow import contrib_losses, functions
from keras_xent_cli.migrate.tensorflow.tensorflow_names import is_missing_in_tf2
from keras_xent_cli.migrate.tensorflow.tf1_modules import CONTRIB_LOSSES_MODULES, canonical

_CONTRIB = "tensorflow.contrib"
_LOSSES = tuple(f"{module}." for module in CONTRIB_LOSSES_MODULES if module.startswith(_CONTRIB))
_Node = Union[ast.Attribute, ast.Name]


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Find nothing: this rule checks only what is left after the port."""
    return iter(())


def check_leftovers(leftovers: Leftovers) -> Iterator[Remark]:
    """Report every other loss of contrib, and the rest once."""
    module = leftovers.module
    references = {reference.node for reference in module.references}
    contrib = {node: name for node, name in _of_contrib(module) if node not in references}
    losses = {node: name for node, name in contrib.items() if name.startswith(_LOSSES)}
    for node, name in losses.items():
        advice = contrib_losses.advice(name.rsplit(".", 1)[1], module.package)
        yield Remark(
            module.offset(node),
            Action.FLAGGED,
            f"{module.dotted(node)} is in tf.contrib, which TensorFlow 2 doesn't have: {advice}",
        )
    if references or losses:
        yield from _rest(leftovers, contrib, {*losses, *references})


def _rest(
    leftovers: Leftovers, contrib: dict[_Node, str], named: Collection[ast.expr]
) -> Iterator[Remark]:
    """Report, once, the imports that are left, and other uses of contrib."""
    module = leftovers.module
    settled = {module.offset(node) for node in named}
    found: list[tuple[int, str]] = []
    for statement, alias in leftovers.imports():
        name = qualified_name(statement, alias)
        uses = leftovers.uses(alias)
        if _may_fail(module, statement):
            settled.update(uses)
        elif uses and settled.issuperset(uses):
            continue
        elif is_missing_in_tf2(name) and not functions.tf1_function(name):
            found.append((module.offset(statement), canonical(name)))
    for node, name in contrib.items():
        if module.offset(node) not in settled and not _may_fail(module, node):
            found.append((module.offset(node), ".".join(name.split(".")[:3])))
    if found:
        names = sorted({name for _, name in found})
        names = [name for name in names if not any(f"{name}." in each for each in names)]
        yield Remark(min(found)[0], Action.FLAGGED, _message(names))


def _may_fail(module: Module, node: ast.AST) -> bool:
    """Whether it is in a `try` that catches the error of an import or an attribute."""
    return any(
        isinstance(around, ast.Try) and any(map(_catches, around.handlers))
        for around in module.scopes.ancestors(node)
    )


def _catches(handler: ast.ExceptHandler) -> bool:
    names = [] if handler.type is None else [ast.dump(handler.type)]
    return all(re.search("Import|Module|Attribute|'Exception'", name) for name in names)


def _message(names: list[str]) -> str:
    slim = f"{_CONTRIB}.slim"
    message = f"TensorFlow 2 doesn't have {', '.join(names)}: "
    if any(f"{name}.".startswith(f"{slim}.") for name in names):
        message += "slim is now the package tf_slim (import tf_slim as slim)"
        if all(f"{name}.".startswith(f"{slim}.") for name in names):
            return message
        message += "; for the rest, "
    return message + "see TensorFlow's guide to migrating to TensorFlow 2"


def _of_contrib(module: Module) -> Iterator[tuple[_Node, str]]:
    """What the source reads from contrib, and its canonical name."""
    for node in _outermost(module):
        for name in {canonical(name) for name in module.names(node)}:
            if f"{name}.".startswith(f"{_CONTRIB}."):
                yield node, name


def _outermost(module: Module) -> Iterator[_Node]:
    """The names that are read, and the attributes that aren't part of longer ones.

    There are none if the text doesn't contain "contrib", as in most files.
    """
    if "contrib" not in module.text:
        return
    for attribute in module.all(ast.Attribute):
        if isinstance(attribute.ctx, ast.Load) and not _begins_another(module, attribute):
            yield attribute
    for name in module.all(ast.Name):
        is_read = isinstance(name.ctx, ast.Load) and not _begins_another(module, name)
        if is_read and module.is_imported(name):
            yield name


def _begins_another(module: Module, node: _Node) -> bool:
    return isinstance(module.scopes.parent(node), ast.Attribute)


RULE = Rule("KX109", "other names that TensorFlow 2 doesn't have", check, check_leftovers)
