"""KX103: the program ignores the result, and reads the loss from the loss collection.

`tf.losses.softmax_cross_entropy(...)` on a separate line adds the loss to a collection, where
`tf.losses.get_total_loss()` finds it. `keras_xent.v1` does the same in a graph. Eager code and
Keras have no collections, so the loss would be lost. This is reported once per file.
"""

from __future__ import annotations

import ast
import re
from typing import Iterator

from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.module import Call, Module
from keras_xent_cli.migrate.options import Options, Target
from keras_xent_cli.migrate.registry import Rule

# `self.assertRaisesRegex(...)`, `pytest.raises(...)`, `test.assert_raises(...)`.
_RAISES = re.compile(r"^[\w.]*(?:raises|Raises)\w*\s*\(")


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Report the calls whose result is ignored."""
    action = Action.FLAGGED if options.target is Target.KERAS else Action.NOTED
    for call in module.calls:
        if not call.function.reduces or not module.is_ignored(call):
            continue
        if _joins_nothing(call) or _is_meant_to_raise(module, call):
            continue
        yield Remark(
            module.offset(call.node),
            action,
            "the result is ignored: the loss has an effect only through the loss collection of a "
            "TF1 graph. Before you move to eager code or Keras, assign the result to a variable, "
            "and add up the losses and the regularization losses yourself. Example: "
            "migration_guide/collections-and-estimators.md#a-result-that-is-ignored",
            once=True,
        )


def _joins_nothing(call: Call) -> bool:
    collection = call.arguments.get("loss_collection")
    return isinstance(collection, ast.Constant) and collection.value is None


def _is_meant_to_raise(module: Module, call: Call) -> bool:
    """Whether it is in `with self.assertRaises(...)`, `pytest.raises` or similar."""
    return any(
        isinstance(around, (ast.With, ast.AsyncWith))
        and any(_RAISES.search(module.source(item.context_expr)) for item in around.items)
        for around in module.scopes.ancestors(call.node)
    )


RULE = Rule("KX103", "a loss whose result is ignored", check)
