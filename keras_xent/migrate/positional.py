"""The functions of `tf.nn` that take keywords alone: all but the newest of TF1's."""

from __future__ import annotations

from typing import Iterator, Optional

from keras_xent.migrate.eras import Era
from keras_xent.migrate.finding import Remark
from keras_xent.migrate.function import Function
from keras_xent.migrate.module import Call, Module, Reference
from keras_xent.migrate.options import Options
from keras_xent.migrate.porting import flagged, port_reference

_HANDED_ON = (
    "handed on, and no name here or beside it says whether it is TF1 code: TF1's takes keywords "
    "alone, as keras_xent.v1's does, and TF2's the labels first; use keras_xent.v1's if it is "
    "called with keywords"
)


def problem(call: Call) -> str:
    """Why TF1 refuses a call; "" if it doesn't, or if that is known only when it runs."""
    if call.node.args:
        return (
            "positional arguments, which TF1 refuses (TensorFlow 0 took the logits first, "
            "TensorFlow 2 takes the labels): name labels= and logits="
        )
    if "none of its arguments" in call.problem or "given twice" in call.problem:
        return f"{call.problem}: name labels= and logits="
    return ""


def port_keyword_function(module: Module, options: Options, function: Function) -> Iterator[Remark]:
    """Port the references of a function that is the same in TF1 and TF2, but for this.

    Of TF2's, the first two arguments may be positional. A call that has such is named in TF1 code,
    and left in what may be TF2 code. A function that is handed on may be called either way: it is
    ported in TF1 code, left in TF2 code, and named where that can't be told.
    """
    for reference in module.references:
        if reference.function is function:
            remark = _port(module, options, reference)
            if remark:
                yield remark


def _port(module: Module, options: Options, reference: Reference) -> Optional[Remark]:
    is_tf1 = reference.ported or reference.tf1_for_certain or module.era is Era.TF1
    call = module.call_through(reference)
    if call is None and not is_tf1:
        is_open = reference.renamed and module.era is None
        return flagged(module, reference, _HANDED_ON) if is_open else None
    message = problem(call) if call else ""
    if message:
        return flagged(module, reference, message) if is_tf1 else None
    return port_reference(module, options, reference, call)
