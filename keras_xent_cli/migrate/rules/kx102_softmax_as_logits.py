"""KX102: the output of a softmax or a sigmoid is passed as logits.

The function applies it itself. Twice applied, it still trains, badly. TF1 never undid it; Keras
does where it can see the layer, so that a port to Keras changes the numbers.
"""

from __future__ import annotations

from typing import Iterator

from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.keras_target.suspicions import activation_output
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import Rule


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Name the calls whose logits are such an output, or are named so."""
    for call in module.calls:
        reason = activation_output(module, call)
        if reason:
            assert call.function.loss is not None
            applied = call.function.loss.activations[0]
            yield Remark(
                module.offset(call.node),
                Action.FLAGGED,
                f"the logits look like probabilities: {reason}. The function applies {applied} "
                "itself; pass what goes in there, or keep it to keep TF1's numbers",
            )


RULE = Rule("KX102", "the output of a softmax or a sigmoid as logits", check, is_defect=True)
