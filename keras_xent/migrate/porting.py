"""What the porting rules share: a name for a name, and the reasons why not."""

from __future__ import annotations

from typing import Iterator, Optional, Tuple

from keras_xent.migrate import functions, loss_object, rewriting
from keras_xent.migrate.edits import Edit
from keras_xent.migrate.finding import Action, Remark
from keras_xent.migrate.functions import Function
from keras_xent.migrate.module import Call, Module, Reference
from keras_xent.migrate.options import Options, Target


def port_references(module: Module, options: Options, function: Function) -> Iterator[Remark]:
    """Port every place that names a function whose signature `keras_xent.v1` keeps."""
    for reference in module.references:
        if reference.function is not function:
            continue
        if options.target is Target.KERAS:
            remark = _to_keras(module, options, reference, module.call_through(reference))
        else:
            remark = _to_v1(module, reference)
        if remark:
            yield remark


def port_to_keras(
    module: Module, options: Options, call: Call, note: str = ""
) -> Tuple[Optional[Remark], str]:
    """A call as the loss object, or None and why not; both empty if the target is another.

    Args:
        module: The source.
        options: With the target.
        call: The call.
        note: What the message says besides.
    """
    if options.target is not Target.KERAS:
        return None, ""
    attempt = loss_object.attempt(module, options.surroundings, call.reference, call)
    if not attempt.edits:
        return None, f", not the loss object: {attempt.reason}"
    message = f"{_old(module, call.reference)} is the loss object; {attempt.assumption}{note}"
    return ported(module, call.reference, message, *attempt.edits), ""


def to_v1_edit(module: Module, reference: Reference) -> Edit:
    """The name of the port for TF1's."""
    return Edit(
        *module.lines.span(reference.node),
        lambda old: rewriting.renamed(old, _port(module, reference)),
    )


def ported(module: Module, reference: Reference, message: str, *edits: Edit) -> Remark:
    """A place that was ported."""
    return Remark(
        module.offset(reference.node), Action.PORTED, message, edits, needs_import=bool(edits)
    )


def flagged(module: Module, reference: Reference, message: str) -> Remark:
    """A place that was left."""
    return Remark(module.offset(reference.node), Action.FLAGGED, message)


def stop_gradient(module: Module, call: Call) -> Optional[str]:
    """How the module's code spells `tf.stop_gradient`, if it can."""
    tensorflow = loss_object.tensorflow_prefix(module, call)
    return f"{tensorflow}.stop_gradient" if tensorflow else None


def _to_v1(module: Module, reference: Reference, reason: str = "") -> Optional[Remark]:
    if reference.ported or not reference.renamed:
        return None
    message = f"{_old(module, reference)} is {_port(module, reference)}"
    if reason:
        message += f", not the loss object: {reason}"
    return ported(module, reference, message, to_v1_edit(module, reference))


def _to_keras(
    module: Module, options: Options, reference: Reference, call: Optional[Call]
) -> Optional[Remark]:
    attempt = loss_object.attempt(module, options.surroundings, reference, call)
    if attempt.edits:
        message = f"{_old(module, reference)} is the loss object; {attempt.assumption}"
        return ported(module, reference, message, *attempt.edits)
    if reference.ported and reference.renamed:
        old = _old(module, reference)
        return flagged(module, reference, f"{old} stays, no loss object: {attempt.reason}")
    return _to_v1(module, reference, attempt.reason)


def _port(module: Module, reference: Reference) -> str:
    return f"{module.package}.v1.{functions.SIGNATURES[reference.function].port}"


def _old(module: Module, reference: Reference) -> str:
    return module.dotted(reference.node)
