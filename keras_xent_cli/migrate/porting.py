"""What the porting rules share: replacing names, and the reasons why a call stays on v1."""

from __future__ import annotations

from typing import Iterator, Sequence

from keras_xent_cli.migrate import rewriting
from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.keras_target import loss_object
from keras_xent_cli.migrate.module import Call, Module, Reference
from keras_xent_cli.migrate.options import Options, Target
from keras_xent_cli.migrate.source.edits import Edit
from keras_xent_cli.migrate.source.function import Function


def port_references(module: Module, options: Options, function: Function) -> Iterator[Remark]:
    """Port every reference to a function with the same signature in `keras_xent.v1`."""
    for reference in module.references:
        if reference.function is function:
            remark = port_reference(module, options, reference, module.call_through(reference))
            if remark:
                yield remark


def port_reference(
    module: Module, options: Options, reference: Reference, call: Call | None
) -> Remark | None:
    """Port one reference to such a function.

    Args:
        module: the source.
        options: with the target.
        reference: the function, called or not.
        call: the call; None if it isn't called.
    """
    as_object, why_not = port_to_keras(module, options, reference, call)
    return as_object or _to_v1(module, reference, why_not)


def port_to_keras(
    module: Module, options: Options, reference: Reference, call: Call | None
) -> tuple[Remark | None, str]:
    """Port a call to a loss object, or return None and the reason ("" for another target).

    Args:
        module: the source.
        options: with the target.
        reference: the function, called or not.
        call: the call; None if it isn't called.
    """
    if options.target is not Target.KERAS:
        return None, ""
    attempt = loss_object.attempt(module, options.surroundings, reference, call)
    if not attempt.edits:
        return None, attempt.reason + ("" if reference.ported else attempt.advice)
    message = f"{_old(module, reference)} becomes a loss object"
    note = attempt.assumption + attempt.advice
    return ported(module, reference, message, note, attempt.edits), ""


def no_object(reason: str) -> str:
    """The note about why a call stays on v1, if there is a reason."""
    return f"stays on v1: {reason}" if reason else ""


def to_v1_edit(module: Module, reference: Reference) -> Edit:
    """Replaces TF1's name with the port's."""
    return Edit(
        *module.lines.span(reference.node),
        lambda old: rewriting.renamed(old, _port(module, reference)),
    )


def ported(
    module: Module, reference: Reference, change: str, note: str, edits: Sequence[Edit]
) -> Remark:
    """A place that was ported.

    Args:
        module: the source.
        reference: the place.
        change: what the diff shows.
        note: what else to report, or "".
        edits: what changes.
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
    """A place that was not ported."""
    return Remark(module.offset(reference.node), Action.FLAGGED, message)


def _to_v1(module: Module, reference: Reference, why_not: str) -> Remark | None:
    if not reference.renamed:
        return None
    old = _old(module, reference)
    if reference.ported:
        message = f"{old} stays on v1: {why_not}"
        return flagged(module, reference, message) if why_not else None
    change = f"{old} becomes {_port(module, reference)}"
    return ported(module, reference, change, no_object(why_not), [to_v1_edit(module, reference)])


def _port(module: Module, reference: Reference) -> str:
    return f"{module.package}.v1.{reference.function.name}"


def _old(module: Module, reference: Reference) -> str:
    return module.dotted(reference.node)
