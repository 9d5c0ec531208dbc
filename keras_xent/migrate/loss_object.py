"""`--to keras`: a call of TF1's function as a loss object, where that means the same."""

from __future__ import annotations

import dataclasses
from typing import Dict, Optional, Tuple

from keras_xent.migrate import functions, rewriting
from keras_xent.migrate.edits import Edit
from keras_xent.migrate.gradients import stop_gradient_edits
from keras_xent.migrate.module import Call, Module, Reference
from keras_xent.migrate.obstacles import obstacle
from keras_xent.migrate.plans import CONSTRUCTOR, PLANS, Plan
from keras_xent.migrate.surroundings import Surroundings


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
    stops = stop_gradient_edits(module, call) if plan.stops_labels else ()
    if stops is None:
        return Attempt(
            reason="its labels need tf.stop_gradient, and `tf` has no name at the top level"
        )
    split = Edit(*module.lines.span(call.node), lambda old: _split(module, call, plan, old))
    return Attempt((*stops, split), assumption=_ASSUMPTION)


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
