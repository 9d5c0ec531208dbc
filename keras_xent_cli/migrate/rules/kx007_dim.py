"""KX007: `dim=`, TF1's older name of the class axis, becomes `axis=`."""

from __future__ import annotations

from typing import Iterator

from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.rewriting import rename_keyword
from keras_xent_cli.migrate.source.edits import Edit
from keras_xent_cli.migrate.tensorflow.losses.softmax import LOGITS_V2


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Rename the keyword, where the axis isn't there too: None, or else TF1 refuses it."""
    for call in module.calls:
        keywords = {keyword.arg for keyword in call.node.keywords}
        if call.function is LOGITS_V2 and "dim" in keywords and "axis" not in call.arguments:
            yield Remark(
                module.offset(call.node),
                Action.PORTED,
                "dim= is axis=",
                (
                    Edit(
                        *module.lines.span(call.node),
                        lambda old: rename_keyword(old, "dim", "axis"),
                    ),
                ),
            )


RULE = Rule("KX007", "dim= of the nn function", check)
