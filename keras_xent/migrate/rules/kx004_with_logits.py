"""KX004: TF1's `tf.nn.softmax_cross_entropy_with_logits` becomes `keras_xent.v1`'s.

TF1's function sends no gradient into the labels, and so does `keras_xent.v1`'s. TF2's, of the same
name, does. In a file of which it can't be told whether it is TF1 code nothing is changed.
"""

from __future__ import annotations

from typing import Iterable, Optional

from keras_xent.migrate.finding import Remark
from keras_xent.migrate.gradients import may_carry_gradient
from keras_xent.migrate.losses.softmax import LOGITS
from keras_xent.migrate.module import Module, Reference
from keras_xent.migrate.options import Options
from keras_xent.migrate.porting import flagged
from keras_xent.migrate.positional import port_of_tf1
from keras_xent.migrate.registry import Rule
from keras_xent.migrate.tensorflow_names import is_tf1_code

_WHICH = (
    "no name in this file says whether it is TF1 code: TF1 sends no gradient into the labels, TF2 "
    "does; if it is TF1 code, call keras_xent.v1.softmax_cross_entropy_with_logits"
)


def check(module: Module, options: Options) -> Iterable[Remark]:
    """Port the references that are TF1's, and name those that may be."""
    references = [each for each in module.references if each.function is LOGITS]
    if not references:
        return
    whole_file_is_tf1 = is_tf1_code(module)
    for reference in references:
        if reference.ported or reference.tf1_for_certain or whole_file_is_tf1:
            remark = port_of_tf1(module, options, reference)
        else:
            remark = _of_either(module, reference)
        if remark:
            yield remark


def _of_either(module: Module, reference: Reference) -> Optional[Remark]:
    """Name a call, unless it can only be TF2's, or means the same in both."""
    if not reference.renamed:
        return None
    call = module.call_through(reference)
    if call and (call.node.args or call.labels is None):
        return None
    if call and call.labels is not None and not may_carry_gradient(module, call.labels):
        return None
    return flagged(module, reference, _WHICH)


RULE = Rule("KX004", "TF1's tf.nn.softmax_cross_entropy_with_logits", check)
