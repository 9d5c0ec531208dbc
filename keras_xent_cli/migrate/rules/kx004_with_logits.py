"""KX004: `tf.nn.softmax_cross_entropy_with_logits`, TF1's or TF2's, becomes `keras_xent.v1`'s.

TF1's function sends no gradient into the labels, and so does `keras_xent.v1`'s of that name. TF2's,
of the same name, does: it is TF1's `softmax_cross_entropy_with_logits_v2`. Where it can't be told
which is meant, a call is ported if the labels can't carry a gradient, and named if they may.
"""

from __future__ import annotations

import dataclasses
from typing import Iterable, Optional

from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.keras_target.gradients import may_carry_gradient
from keras_xent_cli.migrate.module import Module, Reference
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.porting import flagged, port_reference
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.source.positional import port_of_tf1
from keras_xent_cli.migrate.tensorflow.eras import Era
from keras_xent_cli.migrate.tensorflow.losses.softmax import LOGITS, LOGITS_TF2

_WHICH = (
    "no name here or beside it says whether it is TF1 code: TF1 sends no gradient into the labels, "
    "TF2 does; call keras_xent.v1.softmax_cross_entropy_with_logits if it is TF1 code, and "
    "keras_xent.v1.softmax_cross_entropy_with_logits_v2 if it is TF2's"
)
_TF2 = "; TF2's function, which sends a gradient into the labels, as TF1's with _v2 does"


def check(module: Module, options: Options) -> Iterable[Remark]:
    """Port the references that are TF1's or TF2's, and name those that may be either."""
    for reference in module.references:
        remark = None
        if reference.function is LOGITS_TF2:
            remark = _of_tf2(module, options, reference)
        elif reference.function is LOGITS:
            is_tf1 = reference.ported or reference.tf1_for_certain or module.era is Era.TF1
            remark = (port_of_tf1 if is_tf1 else _of_either)(module, options, reference)
        if remark:
            yield remark


def _of_tf2(module: Module, options: Options, reference: Reference) -> Optional[Remark]:
    remark = port_reference(module, options, reference, module.call_through(reference))
    if remark is None or remark.action is not Action.PORTED:
        return remark
    return dataclasses.replace(remark, message=remark.message + _TF2)


def _of_either(module: Module, options: Options, reference: Reference) -> Optional[Remark]:
    """Port a call that means the same in both, and name it otherwise."""
    if not reference.renamed:
        return None
    call = module.call_through(reference)
    if call and call.node.args:
        return None  # which TF1 refuses: it can only be TF2's
    if call and call.labels is not None and not may_carry_gradient(module, call.labels):
        return port_reference(module, options, reference, call)
    return flagged(module, reference, _WHICH)


RULE = Rule("KX004", "tf.nn.softmax_cross_entropy_with_logits, TF1's or TF2's", check)
