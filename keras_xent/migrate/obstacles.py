"""`--to keras`: why a loss object in place of a call may mean something else.

One function for every reason: each says what it is, or "" if nothing is wrong.
"""

from __future__ import annotations

import ast
from typing import Callable, Optional, Tuple

from keras_xent.migrate import functions, rewriting, suspicions
from keras_xent.migrate.functions import Function
from keras_xent.migrate.module import Call, Module
from keras_xent.migrate.plans import Plan
from keras_xent.migrate.surroundings import Surroundings

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


def obstacle(module: Module, surroundings: Surroundings, call: Call, plan: Plan) -> str:
    """Why the loss object may mean something else; "" if it can't."""
    found = (check(module, call, plan) for check in _CHECKS)
    first = next((reason for reason in found if reason), "")
    return first or _elsewhere(module, surroundings, call)


def _unknown_arguments(module: Module, call: Call, plan: Plan) -> str:
    if call.problem:
        return call.problem
    if not call.reference.renamed:
        return f"{module.source(call.reference.node)} is a variable"
    if call.labels is None or call.logits is None:
        return "its labels or its logits are missing"
    if {"axis", "dim"} <= set(call.arguments):
        return "it has both axis= and dim="
    return ""


def _without_counterpart(module: Module, call: Call, plan: Plan) -> str:
    for name in plan.dropped:
        if not _is_none(call.arguments.get(name)):
            return f"{name}= has no counterpart"
    return ""


def _none(module: Module, call: Call, plan: Plan) -> str:
    for name in ("weights", "label_smoothing", "reduction", "axis", "dim"):
        if name in call.arguments and _is_none(call.arguments[name]):
            return f"{name} is None"
    return ""


def _order_of_evaluation(module: Module, call: Call, plan: Plan) -> str:
    for name in plan.moved:
        if name in call.arguments and not _is_plain(call.arguments[name]):
            return f"{name}= is computed in the call (give it a name before the call)"
        if name in call.arguments and _may_change(module, call, plan, call.arguments[name]):
            return f"{name}= may change while the call's other arguments are evaluated"
    return ""


def _values(module: Module, call: Call, plan: Plan) -> str:
    smoothing = call.arguments.get("label_smoothing")
    if smoothing is not None and _is_out_of_range(smoothing):
        return f"label_smoothing is {module.source(smoothing)}"
    reduction = call.arguments.get("reduction")
    if isinstance(reduction, ast.Constant) and reduction.value not in _REDUCTIONS:
        return f"reduction is {module.source(reduction)}, which TF1 refuses"
    return ""


def _comments(module: Module, call: Call, plan: Plan) -> str:
    leaves = [name for name in call.arguments if name not in plan.renamed]
    if leaves and rewriting.has_comment(module.source(call.node)):
        return f"comments stand among its arguments, of which {', '.join(leaves)} would move"
    if "#" in module.source(call.reference.node):
        return "a comment stands inside the function's name"
    return ""


def _suspicious(module: Module, call: Call, plan: Plan) -> str:
    if suspicions.looks_swapped(module, call):
        return "its arguments look swapped"
    suspicion = suspicions.softmax_output(module, call.logits)
    return f"its logits look like probabilities ({suspicion})" if suspicion else ""


def _ignored(module: Module, call: Call, plan: Plan) -> str:
    if module.is_ignored(call):
        return "its result is ignored: it counts by joining the loss collection"
    return ""


_CHECKS: Tuple[Callable[[Module, Call, Plan], str], ...] = (
    _unknown_arguments,
    _without_counterpart,
    _none,
    _order_of_evaluation,
    _values,
    _comments,
    _suspicious,
    _ignored,
)


def _elsewhere(module: Module, surroundings: Surroundings, call: Call) -> str:
    """What other places of the program do, as far as it matters to the call."""
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


def _may_change(module: Module, call: Call, plan: Plan, moved: ast.expr) -> bool:
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
