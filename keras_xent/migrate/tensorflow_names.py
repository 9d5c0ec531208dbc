"""TensorFlow's names as far as the rules need them: what is called, and what only TF1 has."""

from __future__ import annotations

import ast
from typing import FrozenSet, Optional

from keras_xent.migrate.edits import Edit
from keras_xent.migrate.functions import LOSSES_NAMES
from keras_xent.migrate.module import Call, Module
from keras_xent.migrate.scopes import Import
from keras_xent.migrate.tf1_modules import canonical

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


# Packages that TensorFlow 2 doesn't have.
_TF1_PACKAGES = ("tensorflow.contrib", "tensorflow.examples")

# Names that TensorFlow 2 doesn't have: a file that uses one is TF1 code.
TF1_ONLY = frozenset(
    {
        "AUTO_REUSE",
        "ConfigProto",
        "GraphKeys",
        "InteractiveSession",
        "Session",
        "add_to_collection",
        "app",
        "arg_max",
        "assign",
        "assign_add",
        "contrib",
        "count_nonzero",
        "data.make_one_shot_iterator",
        "disable_eager_execution",
        "disable_v2_behavior",
        "div",
        "enable_eager_execution",
        "flags",
        "get_collection",
        "get_default_graph",
        "get_default_session",
        "get_variable",
        "get_variable_scope",
        "gfile",
        "global_variables",
        "global_variables_initializer",
        "initialize_all_variables",
        "layers",
        "local_variables_initializer",
        "log",
        "logging",
        "losses.get_losses",
        "losses.get_regularization_loss",
        "losses.get_total_loss",
        *(f"losses.{name}" for name in LOSSES_NAMES),
        "metrics.accuracy",
        "mul",
        "nn.rnn_cell",
        "nn.softmax_cross_entropy_with_logits_v2",
        "nn.xw_plus_b",
        "placeholder",
        "placeholder_with_default",
        "random_normal",
        "random_uniform",
        "random_shuffle",
        "reset_default_graph",
        "set_random_seed",
        "sparse_placeholder",
        "sub",
        "summary.FileWriter",
        "summary.merge_all",
        "to_float",
        "to_int32",
        "to_int64",
        "trainable_variables",
        "train.AdagradOptimizer",
        "train.AdamOptimizer",
        "train.GradientDescentOptimizer",
        "train.MomentumOptimizer",
        "train.RMSPropOptimizer",
        "train.Saver",
        "train.get_global_step",
        "train.get_or_create_global_step",
        "truncated_normal",
        "variable_scope",
    }
)


def is_missing_in_tf2(qualified: str) -> bool:
    """Whether TensorFlow 2 has nothing of that name, as far as it is known here."""
    if qualified.split(".")[0] != "tensorflow":
        return False
    below = qualified.partition(".")[2]
    return f"{qualified}.".startswith(tuple(f"{each}." for each in _TF1_PACKAGES)) or (
        below in TF1_ONLY
    )


def is_tf1_code(module: Module) -> bool:
    """Whether the module uses a name that only TensorFlow 1 has.

    One that is reached through `tensorflow.compat.v1` says nothing of what `tensorflow` is.
    """
    imported = (
        binding.qualified
        for scope in module.scopes.all
        for bindings in scope.bindings.values()
        for binding in bindings
        if isinstance(binding, Import)
    )
    if any(name.startswith(_TF1_PACKAGES) for name in imported):
        return True
    for node in module.all(ast.Attribute):
        for name in module.names(node):
            if name.startswith("tensorflow.") and name[len("tensorflow.") :] in TF1_ONLY:
                return True
    return False
