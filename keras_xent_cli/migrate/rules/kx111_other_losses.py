"""KX111: `tf.losses` that are no cross entropies: `mean_squared_error`, `huber_loss` and others.

They are not ported. They have the weights, the reductions and the loss collection of the cross
entropies, so that a port to Keras's losses changes the numbers as silently. They are named once a
file, with what computes the same: `compute_weighted_loss` of the loss of each element. What is
reached through `tensorflow.compat.v1` stays what it is, and is named only with `--to keras`.
"""

from __future__ import annotations

import ast
import collections
from typing import Dict, FrozenSet, Iterator, List, Union

from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options, Target
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.source.names import UNKNOWN
from keras_xent_cli.migrate.tensorflow.eras import Era
from keras_xent_cli.migrate.tensorflow.other_losses import ALSO_IN_TF2, OTHER_LOSSES
from keras_xent_cli.migrate.tensorflow.tf1_modules import LOSSES_MODULES, canonical, is_tf1, is_tf2
from keras_xent_cli.migrate.unfollowed import handed_on, is_own, starred

_NAMES = {f"{module}.{name}": name for module in LOSSES_MODULES for name in OTHER_LOSSES}
_Node = Union[ast.Attribute, ast.Name]


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Name all of them at the first."""
    found: Dict[str, List[_Node]] = collections.defaultdict(list)
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
    losses = {"" if is_tf2(name) else _NAMES.get(canonical(name), "") for name in names}
    return losses.pop() if len(losses) == 1 else ""


def _qualified(module: Module, node: _Node) -> FrozenSet[str]:
    """The names that a node may have, those that can't be followed too."""
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
    # TF2 has no module `tensorflow.losses` that a name is imported from.
    return isinstance(node, ast.Name) or name not in ALSO_IN_TF2 or module.era is Era.TF1


def _message(module: Module, counted: Dict[str, List[_Node]]) -> str:
    names = ", ".join(
        f"{name} ({len(nodes)} times)" if len(nodes) > 1 else name
        for name, nodes in counted.items()
    )
    formulas = "; ".join(
        f"of {name}, {OTHER_LOSSES[name]}" for name in counted if OTHER_LOSSES[name]
    )
    message = (
        f"TF1's {names}: not ported. tf.compat.v1.losses of TensorFlow 2 has what TF1 had; Keras's "
        "losses divide by another number where weights are 0."
    )
    if formulas:
        message += (
            f" {module.package}.v1.compute_weighted_loss(losses, weights) has their weights, "
            f"reduction and collection; give it the loss of each element: {formulas}"
        )
    if "mean_pairwise_squared_error" in counted:
        message += ". mean_pairwise_squared_error weighs pairs, for which there is no such way"
    return message


RULE = Rule("KX111", "tf.losses that are no cross entropies, once a file", check)
