"""KX109: contrib code beyond the loss.

`tf.contrib` is gone from TensorFlow 2. Of its losses only the cross entropies are ported (KX005);
the others, and the rest of contrib in a file that uses one of these, are named.
"""

from __future__ import annotations

import ast
from typing import Iterator, List

from keras_xent.migrate.finding import Action, Remark
from keras_xent.migrate.module import Module
from keras_xent.migrate.options import Options
from keras_xent.migrate.other_losses import OTHER_LOSSES
from keras_xent.migrate.registry import Rule
from keras_xent.migrate.tf1_modules import CONTRIB_LOSSES_MODULES, canonical

_LOSSES = tuple(f"{module}." for module in CONTRIB_LOSSES_MODULES)


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Name every other loss of contrib's, and once the rest of contrib."""
    rest: List[ast.Attribute] = []
    ported = {reference.node for reference in module.references}
    for node in module.all(ast.Attribute):
        if node in ported or not isinstance(node.ctx, ast.Load):
            continue
        names = {canonical(name) for name in module.names(node)}
        if isinstance(module.scopes.parent(node), ast.Attribute):
            continue  # the beginning of a longer name
        if any(name.startswith(_LOSSES) for name in names):
            yield Remark(module.offset(node), Action.FLAGGED, _of_loss(module, node))
        elif any(name.startswith("tensorflow.contrib.") for name in names):
            rest.append(node)
    if rest and module.references:
        first = min(rest, key=module.offset)
        yield Remark(
            module.offset(first),
            Action.FLAGGED,
            f"tf.contrib, which TensorFlow 2 doesn't have, is used {len(rest)} more "
            f"time{'s' if len(rest) > 1 else ''} in this file ({module.source(first)} first): for "
            "slim there is the package tf_slim, for the rest see TensorFlow's guide",
        )


def _of_loss(module: Module, node: ast.Attribute) -> str:
    source = module.source(node)
    if node.attr == "compute_weighted_loss":
        return (
            f"{source} takes weights of fewer dimensions than the losses, unlike "
            f"{module.package}.v1.compute_weighted_loss: give them the losses' rank and use that"
        )
    if _is_in_tf1(node.attr):
        return f"{source} is contrib's: tf.compat.v1.losses.{node.attr} shares its collection"
    return f"{source} is contrib's, which TensorFlow 2 doesn't have"


def _is_in_tf1(name: str) -> bool:
    """Whether `tf.compat.v1.losses` has a function of that name."""
    return name in OTHER_LOSSES or name in {
        "add_loss",
        "get_losses",
        "get_regularization_losses",
        "get_total_loss",
    }


RULE = Rule("KX109", "contrib code beyond the loss", check)
