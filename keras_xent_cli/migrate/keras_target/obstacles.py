"""`--to keras`: why a loss object may not compute the same as a call.

There is one function for each reason. It returns the reason, or "" if there is none.
"""

from __future__ import annotations

import ast
from typing import Callable

from keras_xent_cli.migrate import averages, rewriting
from keras_xent_cli.migrate.keras_target import suspicions
from keras_xent_cli.migrate.keras_target.dtypes import UNKNOWN, Dtypes
from keras_xent_cli.migrate.keras_target.surroundings import Surroundings
from keras_xent_cli.migrate.module import Call, Module
from keras_xent_cli.migrate.source import constants
from keras_xent_cli.migrate.source.function import Loss, LossObject
from keras_xent_cli.migrate.source.names import DOING_MORE
from keras_xent_cli.migrate.tensorflow import functions
from keras_xent_cli.migrate.tensorflow.tensorflow_names import tensorflow_function
from keras_xent_cli.migrate.tensorflow.tf1_modules import canonical

# Functions that return a tensor of the same shape.
_SAME_SHAPE = ("stop_gradient", "identity", "cast", "convert_to_tensor", "constant", "to_float")

# The strings that TF1 accepts, and their equivalents in keras_xent.v1; Keras has more.
_REDUCTIONS = (
    *functions.REDUCTIONS.values(),
    "sum",
    "sum_over_batch_size",
    "mean_with_sample_weight",
    "sum_by_nonzero_weights",
)


def obstacle(
    module: Module,
    surroundings: Surroundings,
    call: Call,
    loss: Loss,
    plan: LossObject,
    shown: Dtypes,
) -> str:
    """Why the loss object may compute something else; "" if it can't.

    Args:
        module: the source.
        surroundings: what the other files of the program do.
        call: the call.
        loss: what it computes.
        plan: where its arguments would move.
        shown: the dtypes of the logits.
    """
    found = (check(module, call, plan) for check in _CHECKS)
    return (
        next((reason for reason in found if reason), "")
        or _dtypes(shown)
        or _reduced(module, call, loss)
        or _broadcast(module, call, loss)
        or _elsewhere(surroundings, call, shown)
    )


def _unknown_arguments(module: Module, call: Call, plan: LossObject) -> str:
    if call.problem:
        return call.problem
    if not call.reference.renamed:
        return f"it is called through the variable {module.source(call.reference.node)}"
    if call.labels is None or call.logits is None:
        return "its labels or logits are missing"
    if {"axis", "dim"} <= set(call.arguments):
        return "it passes both axis= and dim="
    return ""


def _without_counterpart(module: Module, call: Call, plan: LossObject) -> str:
    for name in plan.dropped:
        if not _is_none(call.arguments.get(name)):
            return f"a loss object has no {name}="
    return ""


def _none(module: Module, call: Call, plan: LossObject) -> str:
    for name in ("weights", "label_smoothing", "reduction", "axis", "dim"):
        if name in call.arguments and _is_none(call.arguments[name]):
            return f"it passes {name}=None, which TF1 and a loss object may treat differently"
    return ""


def _order_of_evaluation(module: Module, call: Call, plan: LossObject) -> str:
    for name in plan.moved:
        if name in call.arguments and not _is_plain(call.arguments[name]):
            return f"{name}= is computed in the call (assign it to a variable before the call)"
        if name in call.arguments and _may_change(module, call, plan, call.arguments[name]):
            return f"{name}= may change while the call's other arguments are evaluated"
    return ""


def _values(module: Module, call: Call, plan: LossObject) -> str:
    smoothing = call.arguments.get("label_smoothing")
    if smoothing is not None and _is_out_of_range(smoothing):
        return f"TF1 and Keras may treat label_smoothing={module.source(smoothing)} differently"
    reduction = call.arguments.get("reduction")
    if isinstance(reduction, ast.Constant) and reduction.value not in _REDUCTIONS:
        return f"TF1 raises an error for reduction={module.source(reduction)}"
    return ""


def _comments(module: Module, call: Call, plan: LossObject) -> str:
    leaves = [name for name in call.arguments if name not in plan.renamed]
    if leaves and rewriting.has_comment(module.source(call.node)):
        return f"there are comments between its arguments, and {' and '.join(leaves)} would move"
    if rewriting.has_comment_in_name(module.source(call.node)):
        return "there is a comment inside the function's name"
    return ""


def _suspicious(module: Module, call: Call, plan: LossObject) -> str:
    if suspicions.looks_swapped(module, call):
        return "its labels and logits look swapped"
    suspicion = suspicions.activation_output(module, call)
    return f"its logits look like probabilities ({suspicion})" if suspicion else ""


def _ignored(module: Module, call: Call, plan: LossObject) -> str:
    if call.function.reduces and module.is_ignored(call):
        return "its result is ignored, so the loss has an effect only through the loss collection"
    return ""


def _dtypes(shown: Dtypes) -> str:
    """Whether the logits may have several dtypes; a loss object computes in only one."""
    others = sorted(shown - {UNKNOWN, "float32"})
    if not others or len(shown) == 1:
        return ""
    one_of = [*others, *(["another dtype"] if shown & {UNKNOWN, "float32"} else [])]
    return f"its logits may be {' or '.join(one_of)}, but a loss object computes in only one dtype"


def _reduced(module: Module, call: Call, loss: Loss) -> str:
    """Whether the losses' shape differs from TF1's, which changes weights and reduction."""
    if loss.averages_classes:
        return _averaged(module, call)
    if not loss.squeezes_weights or _has_one_weight(module, call):
        return ""
    if "NONE" in (_reductions(module, call) or {"NONE"}):
        return (
            "its weights might have a last dimension of 1: TF1 removes it, but with Keras 3, the "
            "losses of a loss object without a reduction may have that dimension"
        )
    return ""


def _broadcast(module: Module, call: Call, loss: Loss) -> str:
    """Whether the labels may have a shape that only TF1 accepts: literals, `expand_dims`."""
    if call.function.reduces or loss.of_ids is None:
        return ""
    labels, logits = (_unwrapped(module, each) for each in (call.labels, call.logits))
    written = (ast.List, ast.Tuple)
    both_are_written = isinstance(labels, written) and isinstance(logits, written)
    added = tensorflow_function(module, labels) == "expand_dims"
    if both_are_written or not (added or isinstance(labels, written)):
        return ""
    return (
        "its labels might not have the same shape as the logits: "
        f"{call.reference.function.name} broadcasts or flattens them, but a loss object raises an "
        "error"
    )


def _unwrapped(module: Module, node: ast.expr | None) -> ast.expr | None:
    """The source of a tensor, without functions that keep its shape."""
    node = module.followed(node)
    while isinstance(node, ast.Call) and tensorflow_function(module, node) in _SAME_SHAPE:
        inner = node.args[0] if node.args else None
        if inner is None:
            return node
        node = module.followed(inner)
    return node


def _averaged(module: Module, call: Call) -> str:
    mean = "BinaryCrossentropy takes the mean over the last axis before it weights and reduces"
    if not call.function.reduces:
        if averages.is_only_averaged(module, call):
            return ""
        return f"{mean}, which is the same only if the result is used only in tf.reduce_mean"
    if not _has_one_weight(module, call):
        return f"{mean}, and the weights may differ between elements"
    found = _reductions(module, call)
    if not found:
        return f"{mean}, and the source doesn't show the reduction"
    if "SUM" in found:
        return f"{mean}, so its sum is TF1's sum divided by the size of that axis"
    return f"{mean}, so it can't return the loss of each element" if "NONE" in found else ""


def _has_one_weight(module: Module, call: Call) -> bool:
    weights = call.arguments.get("weights")
    return weights is None or constants.is_number(module, weights)


def _reductions(module: Module, call: Call) -> frozenset[str]:
    """The reductions that a call may have; empty if they aren't known."""
    reduction = call.arguments.get("reduction")
    if reduction is None:
        return frozenset({"SUM_BY_NONZERO_WEIGHTS"})
    return constants.reductions(module, reduction)


_CHECKS: tuple[Callable[[Module, Call, LossObject], str], ...] = (
    _unknown_arguments,
    _without_counterpart,
    _none,
    _order_of_evaluation,
    _values,
    _comments,
    _suspicious,
    _ignored,
)


def _elsewhere(surroundings: Surroundings, call: Call, shown: Dtypes) -> str:
    """What other parts of the program do, if it matters for the call."""
    harmless = set()
    if "loss_collection" in call.arguments:
        harmless.add("collection")
    if not call.function.reduces:
        # These don't join the collection, and without a reduction nothing divides by the replicas.
        harmless |= {"collection", "distribution"}
    if len(shown - {UNKNOWN}) == len(shown) == 1:
        harmless.add("floatx")  # the loss object gets the dtype
    reasons = dict(surroundings.reasons())
    return next((reason for trait, reason in reasons.items() if trait not in harmless), "")


def _is_none(node: ast.expr | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def _is_plain(node: ast.expr) -> bool:
    """Whether it has the same value if it is evaluated later: a number, a name."""
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.operand, ast.Constant)
    return isinstance(_root(node), (ast.Constant, ast.Name))


def _may_change(module: Module, call: Call, plan: LossObject, moved: ast.expr) -> bool:
    """Whether the other arguments, now evaluated later, may change a moved one."""
    if isinstance(moved, (ast.Constant, ast.UnaryOp)):
        return False
    if isinstance(moved, ast.Attribute) and constants.reductions(module, moved):
        return False  # TF1's or our constant
    others = [value for name, value in call.arguments.items() if name not in plan.moved]
    inside = [node for value in others for node in ast.walk(value)]
    if any(isinstance(node, DOING_MORE) for node in inside):
        return True
    owner = _root(moved)
    if owner is moved or not isinstance(owner, ast.Name) or module.is_imported(owner):
        return False  # only the attributes of an object can change
    if {canonical(name) for name in module.names(owner)} == {"tensorflow"}:
        return False  # as in tf = tf.compat.v1
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
    """The first part of an attribute."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _is_out_of_range(smoothing: ast.expr) -> bool:
    """Whether TF1 and Keras may treat it differently."""
    if isinstance(smoothing, ast.UnaryOp):
        return True
    if not isinstance(smoothing, ast.Constant):
        return False
    value = smoothing.value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return True
    return not 0 <= value <= 1
