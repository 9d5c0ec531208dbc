"""TensorFlow's names as far as the rules need them: what is called, and what only TF1 has."""

from __future__ import annotations

import ast
from typing import FrozenSet, Optional

from keras_xent_cli.migrate.module import Call, Module
from keras_xent_cli.migrate.source.edits import Edit
from keras_xent_cli.migrate.tensorflow.tf1_modules import canonical
from keras_xent_cli.migrate.tensorflow.version_names import TF1_ONLY, TF1_PACKAGES

_ROOTS = ("tensorflow.", "tf_slim.", "keras.", "tf_keras.")


def called(module: Module, node: Optional[ast.AST]) -> FrozenSet[str]:
    """The canonical names of what a call calls; empty if `node` is no call."""
    if not isinstance(node, ast.Call):
        return frozenset()
    return frozenset(canonical(name) for name in module.names(node.func))


def tensorflow_function(module: Module, node: Optional[ast.AST]) -> str:
    """The last part of the name, if a call calls a function of TensorFlow or Keras; else ""."""
    names = called(module, node)
    if not names or not all(name.startswith(_ROOTS) for name in names):
        return ""
    parts = {name.rsplit(".", 1)[1] for name in names}
    return parts.pop() if len(parts) == 1 else ""


def prefix(module: Module, call: Call) -> str:
    """How the code around a call spells `tensorflow`; "" if it doesn't."""
    node: ast.expr = call.reference.node
    while isinstance(node, ast.Attribute):
        node = node.value
        names = module.names(node)
        if names and all(canonical(name) == "tensorflow" for name in names):
            return module.source(node)
    name = spelled(module)
    here = module.scopes.of(call.node).lookup(name)
    return name if here == module.scopes.module.bindings.get(name) else ""


def spelled(module: Module) -> str:
    """How the module's code spells `tensorflow`, at its top level; "" if it doesn't."""
    for name in module.scopes.module.bindings:
        found = module.names_of_global(name)
        if found and all(canonical(each) == "tensorflow" for each in found):
            return name
    return ""


def wrapping_edit(module: Module, call: Call, node: ast.expr, function: str) -> Optional[Edit]:
    """A function of TensorFlow around a part of a call; None if the code has no name for it."""
    tensorflow = prefix(module, call)
    if not tensorflow:
        return None
    # As an argument this needs parentheses of its own.
    inner = "({})" if isinstance(node, (ast.Yield, ast.YieldFrom)) else "{}"
    return Edit(
        *module.lines.span(node), lambda old: f"{tensorflow}.{function}({inner.format(old)})"
    )


def is_missing_in_tf2(qualified: str) -> bool:
    """Whether TensorFlow 2 has nothing of that name, as far as it is known here."""
    if qualified.split(".")[0] != "tensorflow":
        return False
    below = qualified.partition(".")[2]
    return f"{qualified}.".startswith(tuple(f"{each}." for each in TF1_PACKAGES)) or (
        below in TF1_ONLY
    )
