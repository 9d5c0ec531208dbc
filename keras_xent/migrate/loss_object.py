"""`--to keras`: a call of TF1's function as a loss object, where that means the same."""

from __future__ import annotations

import ast
import dataclasses
from typing import Dict, List, Optional, Tuple

from keras_xent.migrate import functions, rewriting, suspicions
from keras_xent.migrate.edits import Edit
from keras_xent.migrate.functions import Function, canonical
from keras_xent.migrate.gradients import may_carry_gradient
from keras_xent.migrate.module import Call, Module, Reference
from keras_xent.migrate.surroundings import Surroundings
from keras_xent.migrate.tensorflow_names import spelled


@dataclasses.dataclass(frozen=True)
class Attempt:
    """What came of it: edits, or the reason why there are none."""

    edits: Tuple[Edit, ...] = ()
    assumption: str = ""
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class _Plan:
    """Where a function's arguments go.

    Args:
        reduction: The member of `Reduction` that the function has if none is given.
        moved: Arguments of the constructor, and their names there.
        renamed: Arguments of the loss object's call, and their names there.
        dropped: Arguments that must be absent, or None; they change nothing then.
        stops_labels: Whether TF1 stops the labels' gradient.
    """

    reduction: str
    moved: Dict[str, str]
    renamed: Dict[str, str]
    dropped: Tuple[str, ...]
    stops_labels: bool


_PLANS = {
    Function.LOSS: _Plan(
        reduction="SUM_BY_NONZERO_WEIGHTS",
        moved={"label_smoothing": "label_smoothing", "reduction": "reduction"},
        renamed={"onehot_labels": "y_true", "logits": "y_pred", "weights": "sample_weight"},
        dropped=("scope", "loss_collection"),
        stops_labels=True,
    ),
    Function.LOGITS_V2: _Plan(
        reduction="NONE",
        moved={"axis": "axis", "dim": "axis"},
        renamed={"labels": "y_true", "logits": "y_pred"},
        dropped=("name",),
        stops_labels=False,
    ),
}

_PLANS[Function.LOGITS] = dataclasses.replace(
    _PLANS[Function.LOGITS_V2], dropped=("name", "_sentinel"), stops_labels=True
)
_PLANS[Function.CONTRIB] = _PLANS[Function.LOSS]
_CONSTRUCTOR = ("from_logits", "label_smoothing", "axis", "reduction")
_ELEMENTWISE = (Function.LOGITS, Function.LOGITS_V2)

# Where an expression assigns, or lets other code run.
_GIVING_WAY = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)

# The strings that TF1 takes, and those that keras_xent.v1 takes for the same; Keras has more.
_REDUCTIONS = (
    *functions.REDUCTIONS.values(),
    "sum",
    "sum_over_batch_size",
    "mean_with_sample_weight",
    "sum_by_nonzero_weights",
)

_ASSUMPTION = (
    "it computes in Keras's floatx, so the logits are taken to be float32, as the result then is"
)


def attempt(
    module: Module, surroundings: Surroundings, reference: Reference, call: Optional[Call]
) -> Attempt:
    """Try to make a loss object of a call."""
    plan = _PLANS.get(reference.function)
    if plan is None:
        return Attempt(reason="there is no loss object for it")
    if call is None:
        return Attempt(reason="the function is handed on, and a loss object is called otherwise")
    reason = _obstacle(module, surroundings, call, plan)
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


def _obstacle(module: Module, surroundings: Surroundings, call: Call, plan: _Plan) -> str:
    """Why the loss object may mean something else; "" if it can't."""
    arguments = call.arguments
    if call.problem:
        return call.problem
    if not call.reference.renamed:
        return f"{module.source(call.reference.node)} is a variable"
    if call.labels is None or call.logits is None:
        return "its labels or its logits are missing"
    for name in plan.dropped:
        if not _is_none(arguments.get(name)):
            return f"{name}= has no counterpart"
    for name in ("weights", "label_smoothing", "reduction", "axis", "dim"):
        if name in arguments and _is_none(arguments[name]):
            return f"{name} is None"
    for name in plan.moved:
        if name in arguments and not _is_plain(arguments[name]):
            return f"{name}= is computed in the call"
        if name in arguments and _may_change(module, call, plan, arguments[name]):
            return f"{name}= may change while the call's other arguments are evaluated"
    if {"axis", "dim"} <= set(arguments):
        return "it has both axis= and dim="
    smoothing = arguments.get("label_smoothing")
    if smoothing is not None and _is_out_of_range(smoothing):
        return f"label_smoothing is {module.source(smoothing)}"
    reduction = arguments.get("reduction")
    if isinstance(reduction, ast.Constant) and reduction.value not in _REDUCTIONS:
        return f"reduction is {module.source(reduction)}, which TF1 refuses"
    leaves = [name for name in arguments if name not in plan.renamed]
    if leaves and rewriting.has_comment(module.source(call.node)):
        return f"comments stand among its arguments, of which {', '.join(leaves)} would move"
    if "#" in module.source(call.reference.node):
        return "a comment stands inside the function's name"
    if suspicions.looks_swapped(module, call):
        return "its arguments look swapped"
    suspicion = suspicions.softmax_output(module, call.logits)
    if suspicion:
        return f"its logits look like probabilities ({suspicion})"
    return _obstacle_around(module, surroundings, call)


def _obstacle_around(module: Module, surroundings: Surroundings, call: Call) -> str:
    if module.is_ignored(call):
        return "its result is ignored: it counts by joining the loss collection"
    harmless = set()
    if "loss_collection" in call.arguments:
        harmless.add("collection")
    if call.function in _ELEMENTWISE:
        # They join no collection, and without a reduction nothing divides by the replicas.
        harmless |= {"collection", "distribution"}
    if suspicions.is_no_softmax(module, call.logits):
        harmless.add("softmax")
    reasons = dict(surroundings.reasons())
    return next((reason for trait, reason in reasons.items() if trait not in harmless), "")


def _is_none(node: Optional[ast.expr]) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def _is_plain(node: ast.expr) -> bool:
    """Whether it is the same wherever and whenever it is evaluated: a number, a name."""
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.operand, ast.Constant)
    return isinstance(_root(node), (ast.Constant, ast.Name))


def _may_change(module: Module, call: Call, plan: _Plan, moved: ast.expr) -> bool:
    """Whether evaluating the other arguments, which now comes later, may change a moved one."""
    if isinstance(moved, (ast.Constant, ast.UnaryOp)):
        return False
    others = [value for name, value in call.arguments.items() if name not in plan.moved]
    inside = [node for value in others for node in ast.walk(value)]
    if any(isinstance(node, _GIVING_WAY) for node in inside):
        return True
    owner = _root(moved)
    if owner is moved or not isinstance(owner, ast.Name) or module.is_imported(owner):
        return False  # only the attributes of an object can change
    names = [node for node in inside if isinstance(node, ast.Name) and node.id == owner.id]
    return any(_is_handed_out(module, name) for name in names)


def _is_handed_out(module: Module, name: ast.Name) -> bool:
    """Whether a method of an object is called, or the object itself is used."""
    node: ast.expr = name
    for parent in module.scopes.ancestors(name):
        if isinstance(parent, ast.Attribute):
            node = parent
            continue
        return node is name or (isinstance(parent, ast.Call) and parent.func is node)
    return True


def _root(node: ast.expr) -> ast.expr:
    """What an attribute begins with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _is_out_of_range(smoothing: ast.expr) -> bool:
    """Whether it is a number that TF1 and Keras don't take for the same smoothing."""
    if isinstance(smoothing, ast.UnaryOp):
        return True
    if not isinstance(smoothing, ast.Constant):
        return False
    value = smoothing.value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return True
    return not 0 <= value <= 1


def _split(module: Module, call: Call, plan: _Plan, source: str) -> str:
    return rewriting.split_call(
        source,
        functions.SIGNATURES[call.function].parameters,
        lambda moved: _constructor(module, plan, moved),
        plan.moved,
        plan.dropped,
        plan.renamed,
    )


def _constructor(module: Module, plan: _Plan, moved: Dict[str, str]) -> str:
    """The text of the loss object, its arguments in the order of the signature."""
    reduction = f"{module.package}.Reduction.{plan.reduction}"
    arguments = {"from_logits": "True", "reduction": reduction, **moved}
    texts = [f"{name}={arguments[name]}" for name in _CONSTRUCTOR if name in arguments]
    return f"{module.package}.CategoricalCrossentropy({', '.join(texts)})"
