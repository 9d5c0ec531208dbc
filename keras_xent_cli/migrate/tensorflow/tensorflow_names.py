"""TensorFlow's names that the rules need: what a call calls, and what only TF1 has."""

from __future__ import annotations

import ast

from keras_xent_cli.migrate.module import Call, Module
from keras_xent_cli.migrate.source.edits import Edit
from keras_xent_cli.migrate.source.scopes import dotted
from keras_xent_cli.migrate.tensorflow.tf1_modules import canonical
from keras_xent_cli.migrate.tensorflow.version_names import TF1_ONLY, TF1_PACKAGES

_ROOTS = ("tensorflow.", "tf_slim.", "keras.", "tf_keras.")


def called(module: Module, node: ast.AST | None) -> frozenset[str]:
    """The canonical names of what a call calls; empty if `node` isn't a call."""
    if not isinstance(node, ast.Call):
        return frozenset()
    return frozenset(canonical(name) for name in module.names(node.func))


def tensorflow_function(module: Module, node: ast.AST | None) -> str:
    """The last part of the name, if a call calls TensorFlow's or Keras's function; otherwise ""."""
    names = called(module, node)
    if not names or not all(name.startswith(_ROOTS) for name in names):
        return ""
    parts = {name.rsplit(".", 1)[1] for name in names}
    return parts.pop() if len(parts) == 1 else ""


def prefix(module: Module, call: Call) -> str:
    """The name of `tensorflow` in the code around a call; "" if it has none."""
    node: ast.expr = call.reference.node
    while isinstance(node, ast.Attribute):
        node = node.value
        names = module.names(node)
        if names and all(canonical(name) == "tensorflow" for name in names) and dotted(node):
            return module.source(node)
    name = spelled(module)
    here = module.scopes.of(call.node).lookup(name)
    return name if here == module.scopes.module.bindings.get(name) else ""


def spelled(module: Module) -> str:
    """The name of `tensorflow` at the module's top level; "" if it has none."""
    for name in module.scopes.module.bindings:
        found = module.names_of_global(name)
        if found and all(canonical(each) == "tensorflow" for each in found):
            return name
    return ""


def wrapping_edit(
    module: Module, call: Call, node: ast.expr, function: str, more: str = ""
) -> Edit | None:
    """Puts TensorFlow's function, with more arguments, around a part of a call.

    None if TensorFlow has no name there.
    """
    tensorflow = prefix(module, call)
    if not tensorflow:
        return None
    # As an argument, this needs its own parentheses.
    inner = "({})" if isinstance(node, (ast.Yield, ast.YieldFrom)) else "{}"
    return Edit(
        *module.lines.span(node),
        lambda old: f"{tensorflow}.{function}({inner.format(old)}{more})",
        wraps=True,
    )


def is_missing_in_tf2(qualified: str) -> bool:
    """Whether this list says that TensorFlow 2 doesn't have the name."""
    if qualified.split(".")[0] != "tensorflow":
        return False
    below = qualified.partition(".")[2]
    return f"{qualified}.".startswith(tuple(f"{each}." for each in TF1_PACKAGES)) or (
        below in TF1_ONLY
    )
