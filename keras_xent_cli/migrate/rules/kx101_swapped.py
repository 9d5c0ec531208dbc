"""KX101: labels and logits seem to be swapped.

contrib and slim expect the logits first, `tf.losses` and `tf.nn` the labels. With one-hot labels, a
softmax call in the wrong order runs but trains nothing, because TF1 stops the gradient with respect
to the labels. The port does the same, because the codemod can't know what the user meant.
"""

from __future__ import annotations

from typing import Iterator

from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.keras_target.suspicions import looks_swapped
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import Rule


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Report the calls in which the arguments' names suggest the opposite order."""
    for call in module.calls:
        if looks_swapped(module, call):
            assert call.labels is not None and call.logits is not None
            loss = call.function.loss
            assert loss is not None
            advice = "Pass labels and logits by keyword" if call.node.args else "If so, swap them"
            yield Remark(
                module.offset(call.node),
                Action.FLAGGED,
                f"the call passes {_short(module.source(call.labels))} as labels and "
                f"{_short(module.source(call.logits))} as logits, which look swapped. "
                f"{loss.swapped}. {advice}",
            )


def _short(source: str) -> str:
    text = " ".join(source.split())
    return text if len(text) <= 40 else text[:37] + "..."


RULE = Rule("KX101", "labels and logits swapped", check, is_defect=True)
