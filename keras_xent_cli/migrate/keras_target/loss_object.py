"""`--to keras`: turns a call of TF1's function into a loss object, if the result is the same."""

from __future__ import annotations

import ast
import dataclasses

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
    """The result: edits, or the reason why there are none.

    Args:
        edits: the edits for the loss object.
        assumption: what they assume.
        reason: why there are none.
        advice: what else the user could do, to add to a message.
    """

    edits: tuple[Edit, ...] = ()
    assumption: str = ""
    reason: str = ""
    advice: str = ""


_FLOATX = (
    "the loss object computes in Keras's floatx, so the port assumes that the logits and the "
    "result are float32"
)
_IDENTITY = (
    "tf.identity removes what Keras may have attached to the logits: a mask, or the input of an "
    "activation; "
)
_IDS = "the labels are now the class ids, without tf.one_hot, because every id is a class; "
_NO_NAME = " need tf.{}, but TensorFlow isn't imported at the top level"


def attempt(
    module: Module, surroundings: Surroundings, reference: Reference, call: Call | None
) -> Attempt:
    """Try to turn a call into a loss object."""
    function = reference.function
    if function.loss is None or function.loss_object is None:
        return Attempt(reason="there is no loss object for this function")
    if call is None:
        return Attempt(
            reason="the function is passed as an argument or assigned, and a loss object has "
            "different parameters"
        )
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
    edits: list[Edit] = []
    note = ""
    ids = class_ids.proven(module, call) if loss.of_ids else None
    advice = "" if ids else _of_ids(module, call, loss)
    if ids is not None and loss.of_ids is not None:
        loss = loss.of_ids
        edits.append(_ids_edit(module, call, ids))
        note += _IDS
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
        note += _IDENTITY
    edits.append(_split_edit(module, call, loss, plan, dtype))
    note += f"the loss object computes in {dtype}, the dtype of the logits" if dtype else _FLOATX
    return Attempt(tuple(edits), assumption=note, advice=advice)


def _written(surroundings: Surroundings, shown: Dtypes) -> str:
    """The `dtype=` that the loss object needs; "" if it is Keras's default."""
    known = shown - {UNKNOWN}
    is_default = known <= {"float32"} and "floatx" not in dict(surroundings.places)
    return "" if is_default else next(iter(known))


def _of_ids(module: Module, call: Call, loss: Loss) -> str:
    """For one-hot labels that the port keeps: what the sparse loss would save."""
    if loss.of_ids is None or not class_ids.are_one_hot(module, call):
        return ""
    return (
        f". The labels come from tf.one_hot: if every id is a class, {module.package}."
        f"{loss.of_ids.object_name} computes the same loss from the ids, without a tensor of "
        "the logits' size (for an id that isn't a class, tf.one_hot returns zeros, but this loss "
        "raises an error, or returns NaN on a GPU and under XLA)"
    )


def _ids_edit(module: Module, call: Call, ids: ast.expr) -> Edit:
    """Replaces the labels, a call of `tf.one_hot`, with the ids."""
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
    module: Module, loss: Loss, plan: LossObject, moved: dict[str, str], dtype: str
) -> str:
    """The text of the loss object, with its arguments in the order of the signature."""
    reduction = f"{module.package}.Reduction.{plan.reduction}"
    arguments = {"from_logits": "True", "reduction": reduction, **moved}
    texts = [f"{name}={arguments[name]}" for name in loss.constructor if name in arguments]
    if dtype:
        texts.append(f'dtype="{dtype}"')
    return f"{module.package}.{loss.object_name}({', '.join(texts)})"
