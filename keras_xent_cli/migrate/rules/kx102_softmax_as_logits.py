"""KX102: the output of a softmax or a sigmoid is passed as logits.

The loss applies it again, and the network trains badly. TF1 never undoes the first one. Keras does
if it sees the layer, so a port to Keras changes the numbers.
"""

from __future__ import annotations

from typing import Iterator

from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.keras_target.suspicions import activation_output
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import Rule


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Report the calls whose logits are such an output, or have such a name."""
    for call in module.calls:
        reason = activation_output(module, call)
        if reason:
            assert call.function.loss is not None
            applied = call.function.loss.activations[0]
            yield Remark(
                module.offset(call.node),
                Action.FLAGGED,
                f"the logits look like probabilities: {reason}. The loss applies a {applied} "
                f"itself. Pass the inputs of the {applied}, or leave the call unchanged to get "
                "TF1's numbers",
            )


RULE = Rule("KX102", "the output of a softmax or a sigmoid as logits", check, is_defect=True)
