"""KX103: the loss is computed, its result ignored, and read back from the loss collection.

`tf.losses.softmax_cross_entropy(...)` on a line of its own puts the loss into a collection, from
which `tf.losses.get_total_loss()` takes it. `keras_xent.v1` does the same in a graph. Eagerly, in
TF2 and in Keras there are no collections: the loss would be lost.
"""

from __future__ import annotations

from typing import Iterator

from keras_xent.migrate.finding import Action, Remark
from keras_xent.migrate.module import Module
from keras_xent.migrate.options import Options
from keras_xent.migrate.registry import Rule


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Name the calls whose result nothing takes."""
    for call in module.calls:
        if not call.function.reduces or not module.is_ignored(call):
            continue
        yield Remark(
            module.offset(call.node),
            Action.FLAGGED,
            "the result is ignored: it counts only through the loss collection of a TF1 graph. "
            "Keep the result, and add the losses up yourself, before this runs without one",
        )


RULE = Rule("KX103", "a result that is ignored and read back from a collection", check)
