"""KX004: ports `tf.nn.softmax_cross_entropy_with_logits`, TF1's or TF2's, to `keras_xent.v1`.

TF1's function stops the gradient with respect to the labels, like `keras_xent.v1`'s function of
that name. TF2's function of the same name doesn't: it is TF1's
`softmax_cross_entropy_with_logits_v2`. If the codemod can't know which it is, it ports the call
only if the labels can't carry a gradient. Otherwise it reports the call.
"""

from __future__ import annotations

import dataclasses
from typing import Iterable

from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.keras_target.gradients import may_carry_gradient
from keras_xent_cli.migrate.module import Module, Reference
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.porting import flagged, port_reference
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.source.positional import port_of_tf1
from keras_xent_cli.migrate.tensorflow.eras import UNKNOWN, Era
from keras_xent_cli.migrate.tensorflow.losses.softmax import LOGITS, LOGITS_TF2

_WHICH = (
    f"{UNKNOWN}: TF1 stops the gradient with respect to the labels, TF2 doesn't. Use "
    "keras_xent.v1.softmax_cross_entropy_with_logits if it is TF1 code, and "
    "keras_xent.v1.softmax_cross_entropy_with_logits_v2 if it is TF2 code"
)
_TF2 = (
    "; the old function is TF2's. Like TF1's _v2 function, it doesn't stop the gradient with "
    "respect to the labels"
)


def check(module: Module, options: Options) -> Iterable[Remark]:
    """Port the references that are TF1's or TF2's, and report those that may be either."""
    for reference in module.references:
        remark = None
        if reference.function is LOGITS_TF2:
            remark = _of_tf2(module, options, reference)
        elif reference.function is LOGITS:
            certain = reference.ported or reference.tf1_for_certain
            is_tf1 = certain or module.certain_era is Era.TF1
            remark = (port_of_tf1 if is_tf1 else _of_either)(module, options, reference)
        if remark:
            yield remark


def _of_tf2(module: Module, options: Options, reference: Reference) -> Remark | None:
    remark = port_reference(module, options, reference, module.call_through(reference))
    if remark is None or remark.action is not Action.PORTED:
        return remark
    return dataclasses.replace(remark, message=remark.message + _TF2)


def _of_either(module: Module, options: Options, reference: Reference) -> Remark | None:
    """Port a call if both functions do the same, otherwise report it."""
    if not reference.renamed:
        return None
    call = module.call_through(reference)
    if call and call.node.args:
        return None  # TF1 raises an error for positional arguments, so this is TF2
    if call and call.labels is not None and not may_carry_gradient(module, call.labels):
        return port_reference(module, options, reference, call)
    return flagged(module, reference, _WHICH)


RULE = Rule("KX004", "tf.nn.softmax_cross_entropy_with_logits, TF1's or TF2's", check)
