"""KX005: the cross entropies of `tf.contrib.losses` and `slim.losses` expect the logits first.

`tf.contrib.losses.softmax_cross_entropy(logits, onehot_labels)` has the arguments of
`tf.losses.softmax_cross_entropy` in another order. So do the sparse and the sigmoid loss. The
port of a call uses keywords. Other references are reported, because their callers must change too.
"""

from __future__ import annotations

import ast
from typing import Iterable

from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.module import Call, Module, Reference
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.porting import flagged, no_object, port_to_keras, ported, to_v1_edit
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.rewriting import name_arguments
from keras_xent_cli.migrate.source.edits import Edit
from keras_xent_cli.migrate.tensorflow import contrib_weights, loss_scopes


def check(module: Module, options: Options) -> Iterable[Remark]:
    """Port the calls, and report the other references."""
    for reference in module.references:
        if reference.function.has_other_order and reference.renamed:
            yield _check(module, options, reference, module.call_through(reference))
    for statement, scope in loss_scopes.open_blocks(module):
        yield Remark(module.offset(statement), Action.FLAGGED, _of_scope(module, scope))


def _check(module: Module, options: Options, reference: Reference, call: Call | None) -> Remark:
    function = reference.function
    if call is None:
        first, second = function.parameters[:2]
        return flagged(
            module,
            reference,
            "the function is passed as an argument or assigned. contrib's function expects "
            f"({first}, {second}), but keras_xent.v1's expects ({second}, {first}). Replace the "
            "function and change its calls",
        )
    if call.problem:
        return flagged(
            module,
            reference,
            f"{call.problem}. Call keras_xent.v1.{function.name} with keywords; contrib's "
            f"arguments are ({', '.join(function.parameters)})",
        )
    scope = _scope(module, options, reference)
    if scope:
        return flagged(
            module,
            reference,
            f"contrib's add_loss has an arg_scope ({scope}), which may change the collection that "
            f"this loss joins. Call {module.package}.v1.{function.name} with keywords, and pass it "
            "the scope's loss_collection",
        )
    obstacle = contrib_weights.obstacle(module, call)
    if obstacle:
        return flagged(module, reference, obstacle)
    assumptions = [contrib_weights.assumption(module, call)]
    if options.loss_scopes.around:
        assumptions.append(
            "the port assumes that this call doesn't run inside the arg_scope of add_loss "
            f"({options.loss_scopes.around})"
        )
    assumption = "; ".join(filter(None, assumptions))
    edits = contrib_weights.edits(module, call)
    as_object, why_not = port_to_keras(module, options, reference, call)
    if as_object:
        return ported(
            module,
            reference,
            f"{module.dotted(reference.node)} becomes a loss object",
            "; ".join(filter(None, [as_object.note, assumption])),
            (*edits, *as_object.edits),
        )
    edits = (*edits, to_v1_edit(module, reference))
    if call.node.args:
        span = module.lines.span(call.node)
        edits = (*edits, Edit(*span, lambda old: name_arguments(old, function.parameters)))
    return ported(
        module,
        reference,
        f"{module.dotted(reference.node)} becomes {module.package}.v1.{function.name} with "
        "keywords",
        "; ".join(filter(None, [assumption, no_object(why_not)])),
        edits,
    )


def _scope(module: Module, options: Options, reference: Reference) -> str:
    """Where the collection of a loss may change; "" if nowhere."""
    block = loss_scopes.block_around(module, reference.node)
    return options.loss_scopes.anywhere or (f"line {block.lineno}" if block else "")


def _of_scope(module: Module, scope: ast.Call) -> str:
    found = (each.value for each in scope.keywords if each.arg == "loss_collection")
    collection = next(map(module.source, found), "...")
    return (
        "this arg_scope changes the collection that contrib's losses join, and code from "
        f"elsewhere may run in it. {module.package}.v1's losses ignore the scope: pass "
        f"loss_collection={collection} to each ported loss that runs here"
    )


RULE = Rule("KX005", "contrib's and slim's cross entropies, which expect the logits first", check)
