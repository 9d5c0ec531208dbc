"""KX111: `tf.losses` functions that aren't cross entropies, such as `mean_squared_error`.

They aren't ported. They have the same weights, reductions and loss collection as the cross
entropies, so a port to Keras's losses changes the numbers silently too. They are reported once per
file, with a call that computes the same: `compute_weighted_loss` of the loss of each element.
TensorFlow 2 still has those of `tensorflow.compat.v1`, so these are reported only with `--to
keras`.
"""

from __future__ import annotations

import ast
import collections
from typing import Iterator, Union

from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options, Target
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.source.names import UNKNOWN
from keras_xent_cli.migrate.tensorflow.eras import Era
from keras_xent_cli.migrate.tensorflow.other_losses import ALSO_IN_TF2, OTHER_LOSSES
from keras_xent_cli.migrate.tensorflow.tf1_modules import LOSSES_MODULES, canonical, is_tf1
from keras_xent_cli.migrate.unfollowed import handed_on, is_own, starred

_NAMES = {f"{module}.{name}": name for module in LOSSES_MODULES for name in OTHER_LOSSES}
_Node = Union[ast.Attribute, ast.Name]


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Report all of them together, at the first one."""
    found: dict[str, list[_Node]] = collections.defaultdict(list)
    for node in _nodes(module):
        name = _loss(module, node)
        if name and _is_named(module, options, node, name):
            found[name].append(node)
    counted = dict(sorted(found.items()))
    if counted:
        first = min(module.offset(node) for nodes in counted.values() for node in nodes)
        yield Remark(first, Action.FLAGGED, _message(module, counted))


def _nodes(module: Module) -> Iterator[_Node]:
    for attribute in module.all(ast.Attribute):
        if attribute.attr in OTHER_LOSSES and isinstance(attribute.ctx, ast.Load):
            yield attribute
    for name in module.all(ast.Name):
        if isinstance(name.ctx, ast.Load) and (name.id in OTHER_LOSSES or module.is_imported(name)):
            yield name


def _loss(module: Module, node: _Node) -> str:
    names = _qualified(module, node)
    losses = {_NAMES.get(canonical(name), "") for name in names}
    return losses.pop() if len(losses) == 1 else ""


def _qualified(module: Module, node: _Node) -> frozenset[str]:
    """The names that a node may have, including those that can't be followed."""
    names = module.names(node)
    if names - {UNKNOWN}:
        return names
    by_star = frozenset(name for name in starred(module, node) if canonical(name) in _NAMES)
    if by_star or isinstance(node, ast.Name) or is_own(node):
        return by_star
    return frozenset(f"{each}.{node.attr}" for each in handed_on(module, LOSSES_MODULES))


def _is_named(module: Module, options: Options, node: _Node, name: str) -> bool:
    if any(is_tf1(each) for each in _qualified(module, node)):
        return options.target is Target.KERAS
    # TF2 has no module `tensorflow.losses` to import a name from.
    return isinstance(node, ast.Name) or name not in ALSO_IN_TF2 or module.certain_era is Era.TF1


def _message(module: Module, counted: dict[str, list[_Node]]) -> str:
    names = ", ".join(
        f"{name} ({len(nodes)} times)" if len(nodes) > 1 else name
        for name, nodes in counted.items()
    )
    formulas = "; ".join(
        f"for {name}, {OTHER_LOSSES[name]}" for name in counted if OTHER_LOSSES[name]
    )
    message = (
        f"the codemod doesn't port TF1's {names}. TensorFlow 2 still has TF1's losses in "
        "tf.compat.v1.losses; Keras's losses divide by a different number if some weights are 0"
    )
    if formulas:
        message += (
            f". {module.package}.v1.compute_weighted_loss(losses, weights) uses weights, the "
            "reduction and the loss collection like TF1. Pass it the loss of each element: "
            f"{formulas}"
        )
    if "mean_pairwise_squared_error" in counted:
        message += ". mean_pairwise_squared_error weights pairs, so there is no formula for it"
    return message


RULE = Rule("KX111", "tf.losses functions that aren't cross entropies, once per file", check)
