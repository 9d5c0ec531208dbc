"""KX005: `tf.contrib.losses` and `slim.losses`, which take the logits first, by keywords.

`tf.contrib.losses.softmax_cross_entropy(logits, onehot_labels)` has the arguments of
`tf.losses.softmax_cross_entropy` in another order. A call gets keywords; a reference that is handed
on is named, for whoever calls it has to change as well.
"""

from __future__ import annotations

from typing import Iterable, Optional

from keras_xent.migrate import functions
from keras_xent.migrate.edits import Edit
from keras_xent.migrate.finding import Remark
from keras_xent.migrate.functions import Function
from keras_xent.migrate.module import Call, Module, Reference
from keras_xent.migrate.options import Options
from keras_xent.migrate.porting import flagged, no_object, port_to_keras, ported, to_v1_edit
from keras_xent.migrate.registry import Rule
from keras_xent.migrate.rewriting import name_arguments

_ASSUMPTION = (
    "logits are taken to have rank 2, and weights to be a number or one for each example (of "
    "higher ranks contrib smooths by the size of axis 1)"
)
_PARAMETERS = functions.SIGNATURES[Function.CONTRIB].parameters


def check(module: Module, options: Options) -> Iterable[Remark]:
    """Port the calls, and name the other references."""
    for reference in module.references:
        if reference.function is Function.CONTRIB and reference.renamed:
            yield _check(module, options, reference, module.call_through(reference))


def _check(module: Module, options: Options, reference: Reference, call: Optional[Call]) -> Remark:
    if call is None:
        return flagged(
            module,
            reference,
            "handed on, not called: contrib's takes (logits, onehot_labels), keras_xent.v1's "
            "(onehot_labels, logits); change the calls with it",
        )
    if call.problem:
        return flagged(
            module,
            reference,
            f"{call.problem}: call keras_xent.v1.softmax_cross_entropy with keywords; contrib's "
            f"takes ({', '.join(_PARAMETERS)})",
        )
    as_object, why_not = port_to_keras(module, options, reference, call, f"; {_ASSUMPTION}")
    if as_object:
        return as_object
    edits = [to_v1_edit(module, reference)]
    if call.node.args:
        edits.append(
            Edit(*module.lines.span(call.node), lambda old: name_arguments(old, _PARAMETERS))
        )
    return ported(
        module,
        reference,
        f"{module.dotted(reference.node)} is {module.package}.v1.softmax_cross_entropy with "
        f"keywords; {_ASSUMPTION}{no_object(why_not)}",
        *edits,
    )


RULE = Rule(
    "KX005", "contrib's and slim's softmax_cross_entropy, which takes the logits first", check
)
