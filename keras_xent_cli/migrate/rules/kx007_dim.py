"""KX007: `dim=`, TF1's older name for `axis=`, becomes `axis=`."""

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
    """Rename the keyword, unless the call has `axis=` too, for which TF1 raises an error."""
    for call in module.calls:
        keywords = {keyword.arg for keyword in call.node.keywords}
        if call.function is LOGITS_V2 and "dim" in keywords and "axis" not in call.arguments:
            yield Remark(
                module.offset(call.node),
                Action.PORTED,
                "dim= becomes axis=",
                (
                    Edit(
                        *module.lines.span(call.node),
                        lambda old: rename_keyword(old, "dim", "axis"),
                    ),
                ),
            )


RULE = Rule("KX007", "dim= of tf.nn.softmax_cross_entropy_with_logits_v2", check)
