"""KX101: labels and logits seem to have each other's place.

contrib and slim take the logits first, `tf.losses` and `tf.nn` the labels. A call in the wrong
order of the dense softmax runs, and trains nothing: TF1 sends no gradient into what it takes for
labels. The port does the same; only a person can say what was meant.
"""

from __future__ import annotations

from typing import Iterator

from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.keras_target.suspicions import looks_swapped
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import Rule


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Name the calls whose arguments' names say the opposite of their places."""
    for call in module.calls:
        if looks_swapped(module, call):
            assert call.labels is not None and call.logits is not None
            loss = call.function.loss
            assert loss is not None
            yield Remark(
                module.offset(call.node),
                Action.FLAGGED,
                f"labels are {_short(module.source(call.labels))} and logits are "
                f"{_short(module.source(call.logits))}: swapped? {loss.swapped}; give "
                "labels and logits by keyword",
            )


def _short(source: str) -> str:
    text = " ".join(source.split())
    return text if len(text) <= 40 else text[:37] + "..."


RULE = Rule("KX101", "labels and logits swapped", check, is_defect=True)
