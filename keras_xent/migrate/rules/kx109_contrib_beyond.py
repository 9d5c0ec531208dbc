"""KX109: what TensorFlow 2 doesn't have, beyond the loss.

`tf.contrib` is gone from TensorFlow 2. Of its losses only the cross entropies are ported (KX005);
the others are named one by one. A file that uses one of the functions is of use only if TensorFlow
2 can import it, so the rest of contrib, and imports of other names that TensorFlow 2 doesn't have,
are named once.
"""

from __future__ import annotations

import ast
import re
from typing import Iterator, List, Set, Tuple, Union

from keras_xent.migrate import contrib_losses, functions
from keras_xent.migrate.finding import Action, Remark
from keras_xent.migrate.leftovers import Leftovers, qualified_name
from keras_xent.migrate.module import Module
from keras_xent.migrate.options import Options
from keras_xent.migrate.registry import Rule
from keras_xent.migrate.tensorflow_names import is_missing_in_tf2
from keras_xent.migrate.tf1_modules import CONTRIB_LOSSES_MODULES, canonical

_CONTRIB = "tensorflow.contrib"
_LOSSES = tuple(f"{module}." for module in CONTRIB_LOSSES_MODULES if module.startswith(_CONTRIB))
_Node = Union[ast.Attribute, ast.Name]


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Name every other loss of contrib's."""
    for node in _other_losses(module):
        (name,) = {name.rsplit(".", 1)[1] for name in module.names(node)}
        yield Remark(
            module.offset(node),
            Action.FLAGGED,
            f"{module.dotted(node)} is contrib's, which TensorFlow 2 doesn't have: "
            f"{contrib_losses.advice(name, module.package)}",
        )


def check_leftovers(leftovers: Leftovers) -> Iterator[Remark]:
    """Name all that is left of what TensorFlow 2 doesn't have, at the first of it."""
    module = leftovers.module
    others = list(_other_losses(module))
    if not module.references and not others:
        return
    references = [reference.node for reference in module.references]
    named = {module.offset(node) for node in [*others, *references]}
    guarded: Set[int] = set()
    found: List[Tuple[int, str]] = []
    for statement, alias in leftovers.imports():
        name = qualified_name(statement, alias)
        uses = leftovers.uses(alias)
        if _may_fail(module, statement):
            guarded.update(uses)
            continue
        if uses and named.issuperset(uses):
            continue
        if is_missing_in_tf2(name) and not functions.tf1_function(name):
            found.append((module.offset(statement), canonical(name)))
    for node in _outermost(module):
        if module.offset(node) not in named | guarded and not _may_fail(module, node):
            for name in module.names(node):
                if f"{canonical(name)}.".startswith(f"{_CONTRIB}."):
                    found.append((module.offset(node), _of_contrib(canonical(name))))
    if found:
        names = sorted({name for _, name in found})
        names = [name for name in names if not any(f"{name}." in each for each in names)]
        yield Remark(min(found)[0], Action.FLAGGED, _message(names))


def _may_fail(module: Module, node: ast.AST) -> bool:
    """Whether it stands in a `try` that catches the error of an import, or of an attribute."""
    return any(
        isinstance(around, ast.Try) and any(map(_catches, around.handlers))
        for around in module.scopes.ancestors(node)
    )


def _catches(handler: ast.ExceptHandler) -> bool:
    names = [] if handler.type is None else [ast.dump(handler.type)]
    return all(re.search("Import|Module|Attribute|'Exception'", name) for name in names)


def _message(names: List[str]) -> str:
    slim = f"{_CONTRIB}.slim"
    message = f"TensorFlow 2 doesn't have {', '.join(names)}: "
    if any(f"{name}.".startswith(f"{slim}.") for name in names):
        message += "slim is the package tf_slim now (import tf_slim as slim)"
        if all(f"{name}.".startswith(f"{slim}.") for name in names):
            return message
        message += "; for the rest "
    return message + "see TensorFlow's guide to its version 2"


def _of_contrib(name: str) -> str:
    """The part of contrib that a name is of: `tensorflow.contrib.layers`."""
    return ".".join(name.split(".")[:3])


def _other_losses(module: Module) -> Iterator[_Node]:
    references = {reference.node for reference in module.references}
    for node in _outermost(module):
        names = {canonical(name) for name in module.names(node)}
        if node not in references and len(names) == 1 and names.pop().startswith(_LOSSES):
            yield node


def _outermost(module: Module) -> Iterator[_Node]:
    """The names that are read, and those attributes that aren't the beginning of longer ones."""
    for attribute in module.all(ast.Attribute):
        if isinstance(attribute.ctx, ast.Load) and not _begins_another(module, attribute):
            yield attribute
    for name in module.all(ast.Name):
        is_read = isinstance(name.ctx, ast.Load) and not _begins_another(module, name)
        if is_read and module.is_imported(name):
            yield name


def _begins_another(module: Module, node: _Node) -> bool:
    return isinstance(module.scopes.parent(node), ast.Attribute)


RULE = Rule("KX109", "what TensorFlow 2 doesn't have, beyond the loss", check, check_leftovers)
