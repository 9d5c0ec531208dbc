"""KX102: the output of a softmax is passed as logits.

The function applies softmax itself. Twice applied, it still trains, badly. TF1 never undid it;
Keras does where it can see the softmax layer, so that a port to Keras changes the numbers.
"""

from __future__ import annotations

from typing import Iterator

from keras_xent.migrate.finding import Action, Remark
from keras_xent.migrate.module import Module
from keras_xent.migrate.options import Options
from keras_xent.migrate.registry import Rule
from keras_xent.migrate.suspicions import softmax_output


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Name the calls whose logits come out of a softmax, or are named so."""
    for call in module.calls:
        reason = softmax_output(module, call.logits)
        if reason:
            yield Remark(
                module.offset(call.node),
                Action.FLAGGED,
                f"the logits look like probabilities: {reason}. softmax is applied twice then; "
                "pass what goes into the softmax, or keep it to keep TF1's numbers",
            )


RULE = Rule("KX102", "the output of a softmax as logits", check)
