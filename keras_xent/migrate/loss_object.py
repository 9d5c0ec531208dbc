"""`--to keras`: a call of TF1's function as a loss object, where that means the same."""

from __future__ import annotations

import ast
import dataclasses
from typing import Dict, List, Optional, Tuple

from keras_xent.migrate import functions, rewriting
from keras_xent.migrate.edits import Edit
from keras_xent.migrate.functions import canonical
from keras_xent.migrate.gradients import may_carry_gradient
from keras_xent.migrate.module import Call, Module, Reference
from keras_xent.migrate.obstacles import obstacle
from keras_xent.migrate.plans import CONSTRUCTOR, PLANS, Plan
from keras_xent.migrate.surroundings import Surroundings
from keras_xent.migrate.tensorflow_names import spelled


@dataclasses.dataclass(frozen=True)
class Attempt:
    """What came of it: edits, or the reason why there are none."""

    edits: Tuple[Edit, ...] = ()
    assumption: str = ""
    reason: str = ""


_ASSUMPTION = (
    "it computes in Keras's floatx, so the logits are taken to be float32, as the result then is"
)


def attempt(
    module: Module, surroundings: Surroundings, reference: Reference, call: Optional[Call]
) -> Attempt:
    """Try to make a loss object of a call."""
    plan = PLANS.get(reference.function)
    if plan is None:
        return Attempt(reason="there is no loss object for it")
    if call is None:
        return Attempt(reason="the function is handed on, and a loss object is called otherwise")
    reason = obstacle(module, surroundings, call, plan)
    if reason:
        return Attempt(reason=reason)
    edits: List[Edit] = []
    assert call.labels is not None
    if plan.stops_labels and may_carry_gradient(module, call.labels):
        tensorflow = tensorflow_prefix(module, call)
        if not tensorflow:
            return Attempt(
                reason="its labels need tf.stop_gradient, and `tf` has no name at the top level"
            )
        edits.append(
            Edit(*module.lines.span(call.labels), lambda old: f"{tensorflow}.stop_gradient({old})")
        )
    edits.append(Edit(*module.lines.span(call.node), lambda old: _split(module, call, plan, old)))
    return Attempt(tuple(edits), assumption=_ASSUMPTION)


def tensorflow_prefix(module: Module, call: Call) -> str:
    """How the code around a call spells `tensorflow`; "" if it doesn't."""
    node: ast.expr = call.reference.node
    while isinstance(node, ast.Attribute):
        node = node.value
        names = module.names(node)
        if names and all(canonical(name) == "tensorflow" for name in names):
            return module.source(node)
    name = spelled(module)
    here = module.scopes.of(call.node).lookup(name)
    return name if here == module.scopes.module.bindings.get(name) else ""


def _split(module: Module, call: Call, plan: Plan, source: str) -> str:
    return rewriting.split_call(
        source,
        functions.SIGNATURES[call.function].parameters,
        lambda moved: _constructor(module, plan, moved),
        plan.moved,
        plan.dropped,
        plan.renamed,
    )


def _constructor(module: Module, plan: Plan, moved: Dict[str, str]) -> str:
    """The text of the loss object, its arguments in the order of the signature."""
    reduction = f"{module.package}.Reduction.{plan.reduction}"
    arguments = {"from_logits": "True", "reduction": reduction, **moved}
    texts = [f"{name}={arguments[name]}" for name in CONSTRUCTOR if name in arguments]
    return f"{module.package}.CategoricalCrossentropy({', '.join(texts)})"
