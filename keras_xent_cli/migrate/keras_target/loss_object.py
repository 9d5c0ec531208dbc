"""`--to keras`: a call of TF1's function as a loss object, where that means the same."""

from __future__ import annotations

import ast
import dataclasses
from typing import Dict, List, Optional, Tuple

from keras_xent_cli.migrate import rewriting
from keras_xent_cli.migrate.keras_target import bare_logits, class_ids
from keras_xent_cli.migrate.keras_target.dtypes import UNKNOWN, Dtypes, dtypes
from keras_xent_cli.migrate.keras_target.gradients import stop_gradient_edits
from keras_xent_cli.migrate.keras_target.obstacles import obstacle
from keras_xent_cli.migrate.keras_target.surroundings import Surroundings
from keras_xent_cli.migrate.module import Call, Module, Reference
from keras_xent_cli.migrate.source.attributes import Attributes
from keras_xent_cli.migrate.source.edits import Edit
from keras_xent_cli.migrate.source.function import Loss, LossObject


@dataclasses.dataclass(frozen=True)
class Attempt:
    """What came of it: edits, or the reason why there are none.

    Args:
        edits: What makes the loss object.
        assumption: What they take for granted.
        reason: Why there are none.
        advice: What could be done besides, to add to a message.
    """

    edits: Tuple[Edit, ...] = ()
    assumption: str = ""
    reason: str = ""
    advice: str = ""


_FLOATX = (
    "it computes in Keras's floatx, so the logits are taken to be float32, as the result then is"
)
_IDENTITY = (
    "tf.identity keeps from it what Keras may have left on the logits: a mask, and what went into "
    "an activation; "
)
_IDS = "its labels are the class ids, without tf.one_hot, for all of them are classes; "
_NO_NAME = " need tf.{}, and `tf` has no name at the top level"


def attempt(
    module: Module, surroundings: Surroundings, reference: Reference, call: Optional[Call]
) -> Attempt:
    """Try to make a loss object of a call."""
    function = reference.function
    if function.loss is None or function.loss_object is None:
        return Attempt(reason="there is no loss object for it")
    if call is None:
        return Attempt(reason="the function is handed on, and a loss object is called otherwise")
    attributes = Attributes(module, surroundings)
    shown = dtypes(module, attributes, call.logits)
    reason = obstacle(module, surroundings, call, function.loss, function.loss_object, shown)
    if reason:
        return Attempt(reason=reason, advice=_of_ids(module, call, function.loss))
    dtype = _written(surroundings, shown)
    return _edited(module, attributes, call, function.loss, function.loss_object, dtype)


def _edited(
    module: Module, attributes: Attributes, call: Call, loss: Loss, plan: LossObject, dtype: str
) -> Attempt:
    edits: List[Edit] = []
    told = ""
    ids = class_ids.proven(module, call) if loss.of_ids else None
    advice = "" if ids else _of_ids(module, call, loss)
    if ids is not None and loss.of_ids is not None:
        loss = loss.of_ids
        edits.append(_ids_edit(module, call, ids))
        told += _IDS
    elif plan.stops_labels:
        stops = stop_gradient_edits(module, attributes, call)
        if stops is None:
            return Attempt(reason="its labels" + _NO_NAME.format("stop_gradient"))
        edits.extend(stops)
    if bare_logits.may_carry(module, attributes, call.logits):
        identity = bare_logits.identity_edit(module, call)
        if identity is None:
            return Attempt(reason="its logits" + _NO_NAME.format("identity"))
        edits.append(identity)
        told += _IDENTITY
    edits.append(_split_edit(module, call, loss, plan, dtype))
    told += f"it computes in {dtype}, as the logits are" if dtype else _FLOATX
    return Attempt(tuple(edits), assumption=told, advice=advice)


def _written(surroundings: Surroundings, shown: Dtypes) -> str:
    """The dtype that the loss object has to be told; "" where it is Keras's own."""
    known = shown - {UNKNOWN}
    is_default = known <= {"float32"} and "floatx" not in dict(surroundings.places)
    return "" if is_default else next(iter(known))


def _of_ids(module: Module, call: Call, loss: Loss) -> str:
    """What is to be said of one-hot labels that stay: what the loss of class ids would save."""
    if loss.of_ids is None or not class_ids.are_one_hot(module, call):
        return ""
    return (
        f". Its labels come out of tf.one_hot: where every id is a class, {module.package}."
        f"{loss.of_ids.object_name} gives the same of the ids themselves, and saves a tensor of "
        "the logits' size (of an id that is none tf.one_hot makes zeros, and it raises an error)"
    )


def _ids_edit(module: Module, call: Call, ids: ast.expr) -> Edit:
    """The ids for the labels, which are a call of `tf.one_hot`."""
    assert isinstance(call.labels, ast.Call)
    by_name = next((each.arg for each in call.labels.keywords if each.value is ids), None)
    return Edit(*module.lines.span(call.labels), lambda old: rewriting.argument(old, by_name or ""))


def _split_edit(module: Module, call: Call, loss: Loss, plan: LossObject, dtype: str) -> Edit:
    def split(source: str) -> str:
        return rewriting.split_call(
            source,
            call.function.parameters,
            lambda moved: _constructor(module, loss, plan, moved, dtype),
            plan.moved,
            plan.dropped,
            plan.renamed,
        )

    return Edit(*module.lines.span(call.node), split)


def _constructor(
    module: Module, loss: Loss, plan: LossObject, moved: Dict[str, str], dtype: str
) -> str:
    """The text of the loss object, its arguments in the order of the signature."""
    reduction = f"{module.package}.Reduction.{plan.reduction}"
    arguments = {"from_logits": "True", "reduction": reduction, **moved}
    texts = [f"{name}={arguments[name]}" for name in loss.constructor if name in arguments]
    if dtype:
        texts.append(f'dtype="{dtype}"')
    return f"{module.package}.{loss.object_name}({', '.join(texts)})"
