"""What the porting rules share: a name for a name, and the reasons why not."""

from __future__ import annotations

from typing import Iterator, Optional, Sequence, Tuple

from keras_xent_cli.migrate import rewriting
from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.keras_target import loss_object
from keras_xent_cli.migrate.module import Call, Module, Reference
from keras_xent_cli.migrate.options import Options, Target
from keras_xent_cli.migrate.source.edits import Edit
from keras_xent_cli.migrate.source.function import Function


def port_references(module: Module, options: Options, function: Function) -> Iterator[Remark]:
    """Port every place that names a function whose signature `keras_xent.v1` keeps."""
    for reference in module.references:
        if reference.function is function:
            remark = port_reference(module, options, reference, module.call_through(reference))
            if remark:
                yield remark


def port_reference(
    module: Module, options: Options, reference: Reference, call: Optional[Call]
) -> Optional[Remark]:
    """Port one place that names such a function.

    Args:
        module: The source.
        options: With the target.
        reference: What is called, or handed on.
        call: The call; None if it is handed on.
    """
    as_object, why_not = port_to_keras(module, options, reference, call)
    return as_object or _to_v1(module, reference, why_not)


def port_to_keras(
    module: Module, options: Options, reference: Reference, call: Optional[Call]
) -> Tuple[Optional[Remark], str]:
    """A call as the loss object, or None and why not; both empty if the target is another.

    Args:
        module: The source.
        options: With the target.
        reference: What is called, or handed on.
        call: The call; None if it is handed on.
    """
    if options.target is not Target.KERAS:
        return None, ""
    attempt = loss_object.attempt(module, options.surroundings, reference, call)
    if not attempt.edits:
        return None, attempt.reason + ("" if reference.ported else attempt.advice)
    message = f"{_old(module, reference)} is the loss object"
    note = attempt.assumption + attempt.advice
    return ported(module, reference, message, note, attempt.edits), ""


def no_object(reason: str) -> str:
    """The note that says why a call is no loss object, if there is a reason."""
    return f"not the loss object: {reason}" if reason else ""


def to_v1_edit(module: Module, reference: Reference) -> Edit:
    """The name of the port for TF1's."""
    return Edit(
        *module.lines.span(reference.node),
        lambda old: rewriting.renamed(old, _port(module, reference)),
    )


def ported(
    module: Module, reference: Reference, change: str, note: str, edits: Sequence[Edit]
) -> Remark:
    """A place that was ported.

    Args:
        module: The source.
        reference: The place.
        change: What the diff shows.
        note: What else is to be said, or "".
        edits: What changes.
    """
    return Remark(
        module.offset(reference.node),
        Action.PORTED,
        "; ".join(filter(None, [change, note])),
        tuple(edits),
        needs_import=bool(edits),
        note=note,
    )


def flagged(module: Module, reference: Reference, message: str) -> Remark:
    """A place that was left."""
    return Remark(module.offset(reference.node), Action.FLAGGED, message)


def _to_v1(module: Module, reference: Reference, why_not: str) -> Optional[Remark]:
    if not reference.renamed:
        return None
    old = _old(module, reference)
    if reference.ported:
        message = f"{old} stays, no loss object: {why_not}"
        return flagged(module, reference, message) if why_not else None
    change = f"{old} is {_port(module, reference)}"
    return ported(module, reference, change, no_object(why_not), [to_v1_edit(module, reference)])


def _port(module: Module, reference: Reference) -> str:
    return f"{module.package}.v1.{reference.function.name}"


def _old(module: Module, reference: Reference) -> str:
    return module.dotted(reference.node)
