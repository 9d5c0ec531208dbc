"""KX004: TF1's `tf.nn.softmax_cross_entropy_with_logits` becomes `keras_xent.v1`'s v2.

TF1's function sends no gradient into the labels; TF2's, of the same name, does. So the labels are
wrapped in `tf.stop_gradient`, unless they can't carry a gradient. In a file of which it can't be
told whether it is TF1 code nothing is changed.
"""

from __future__ import annotations

from typing import Iterable, Optional

from keras_xent.migrate.finding import Remark
from keras_xent.migrate.functions import Function
from keras_xent.migrate.gradients import may_carry_gradient, stop_gradient_edits
from keras_xent.migrate.module import Call, Module
from keras_xent.migrate.options import Options
from keras_xent.migrate.porting import (
    flagged,
    no_object,
    port_to_keras,
    ported,
    to_v1_edit,
)
from keras_xent.migrate.registry import Rule
from keras_xent.migrate.tensorflow_names import is_tf1_code

_HANDED_ON = (
    "handed on, not called: TF1's function sends no gradient into the labels, its namesake in TF2 "
    "and keras_xent's v2 do; write a function that wraps the labels in tf.stop_gradient"
)


def check(module: Module, options: Options) -> Iterable[Remark]:
    """Port the calls, and name the other references."""
    references = [each for each in module.references if each.function is Function.LOGITS]
    if not references:
        return
    whole_file_is_tf1 = is_tf1_code(module)
    for reference in references:
        call = module.call_through(reference)
        if not reference.renamed:
            continue  # the place where the variable gets the function is named
        if call is None:
            yield flagged(module, reference, _HANDED_ON)
            continue
        remark = _check_call(module, options, call, reference.tf1_for_certain or whole_file_is_tf1)
        if remark:
            yield remark


def _check_call(module: Module, options: Options, call: Call, is_tf1: bool) -> Optional[Remark]:
    reference, labels = call.reference, call.labels
    is_tf2_call = bool(call.node.args)  # TF1's refuses positional arguments
    if not is_tf1 and (is_tf2_call or labels is None or not may_carry_gradient(module, labels)):
        return None
    if not is_tf1:
        return flagged(
            module,
            reference,
            "no name in this file says whether it is TF1 code: TF1 sends no gradient into the "
            "labels, TF2 does; if it is TF1 code, call keras_xent.v1."
            "softmax_cross_entropy_with_logits_v2 with labels=tf.stop_gradient(…)",
        )
    if is_tf2_call:
        return flagged(
            module, reference, "positional arguments, which TF1 refuses: name labels= and logits="
        )
    if call.problem or labels is None or "_sentinel" in call.arguments:
        problem = call.problem or "its labels are missing"
        return flagged(
            module,
            reference,
            f"{problem}: wrap the labels in tf.stop_gradient and call "
            "keras_xent.v1.softmax_cross_entropy_with_logits_v2",
        )
    as_object, why_not = port_to_keras(module, options, reference, call)
    if as_object:
        return as_object
    stops = stop_gradient_edits(module, call)
    if stops is None:
        return flagged(
            module, reference, "its labels need tf.stop_gradient, and `tf` has no name here"
        )
    message = f"{module.dotted(reference.node)} is {module.package}.v1's v2"
    if stops:
        message += ", with labels whose gradient is stopped, as TF1 stops it"
    else:
        message += "; its labels can't carry a gradient"
    edits = (to_v1_edit(module, reference), *stops)
    return ported(module, reference, message + no_object(why_not), *edits)


RULE = Rule("KX004", "TF1's tf.nn.softmax_cross_entropy_with_logits", check)
