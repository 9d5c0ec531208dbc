"""The weights of contrib's losses, which are other weights than those of TF1's.

contrib takes a number, or weights of the losses' first dimensions, and drops a last dimension of 1.
"""

from __future__ import annotations

import ast
from typing import Optional, Tuple

from keras_xent_cli.migrate.module import Call, Module
from keras_xent_cli.migrate.source import constants
from keras_xent_cli.migrate.source.edits import Edit
from keras_xent_cli.migrate.tensorflow import tensorflow_names
from keras_xent_cli.migrate.tensorflow.tensorflow_names import tensorflow_function


def obstacle(module: Module, call: Call) -> str:
    """Why contrib may take a call's weights for others than `keras_xent.v1`; "" if it doesn't."""
    weights, loss = call.arguments.get("weights"), call.function.loss
    if weights is None or loss is None or constants.is_number(module, weights):
        return ""
    if _has_one_element(module, weights):
        return (
            "its weights have one element, for which contrib divides as if the batch had one "
            "example: give a number if you want the mean over the batch"
        )
    if loss.averages_classes and not _is_column(module, weights):
        source = " ".join(module.source(weights).split())
        return (
            f"contrib takes weights for the examples too: with keywords, {module.package}.v1."
            f"{call.function.name} computes the same with weights=({source})[:, None] if they are "
            "one for each example, and with the weights as they are if they have the logits' shape"
        )
    if _needs_one_dimension(call) and not tensorflow_names.prefix(module, call):
        return (
            "contrib drops a last dimension of 1 from its weights: give weights of one dimension, "
            f"and call {module.package}.v1.{call.function.name} with keywords"
        )
    return ""


def edits(module: Module, call: Call) -> Tuple[Edit, ...]:
    """What gives a call's weights one dimension, if they may have another that contrib drops."""
    weights = call.arguments.get("weights")
    if weights is None or constants.is_number(module, weights) or not _needs_one_dimension(call):
        return ()
    tensorflow = tensorflow_names.prefix(module, call)
    return (Edit(*module.lines.span(weights), lambda old: f"{tensorflow}.reshape({old}, [-1])"),)


def assumption(module: Module, call: Call) -> str:
    """What the port takes for granted of a call; "" if nothing."""
    found = []
    smoothing, weights = call.arguments.get("label_smoothing"), call.arguments.get("weights")
    is_softmax = call.function.loss is not None and not call.function.loss.averages_classes
    if smoothing is not None and is_softmax and not _is_zero(smoothing):
        found.append(
            "the logits are taken to have rank 2 (of higher ranks contrib smooths by the size of "
            "axis 1)"
        )
    if weights is not None and is_softmax and not constants.is_number(module, weights):
        found.append("the weights are taken to be a number or one for each example")
    return "; ".join(found)


def _needs_one_dimension(call: Call) -> bool:
    """Whether `keras_xent.v1` doesn't drop the last dimension itself."""
    loss = call.function.loss
    return loss is not None and not loss.averages_classes and not loss.squeezes_weights


def _has_one_element(module: Module, weights: ast.expr) -> bool:
    value = module.followed(weights)
    if tensorflow_function(module, value) in ("constant", "convert_to_tensor"):
        assert isinstance(value, ast.Call)
        value = value.args[0] if value.args else None
    while isinstance(value, (ast.List, ast.Tuple)) and len(value.elts) == 1:
        (value,) = value.elts
        if not isinstance(value, (ast.List, ast.Tuple)):
            return True
    return False


def _is_column(module: Module, weights: ast.expr) -> bool:
    """Whether it is certain that weights have a last dimension of 1, after one that isn't."""
    value = module.followed(weights)
    if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Tuple):
        parts = value.slice.elts
        return len(parts) == 2 and isinstance(parts[0], ast.Slice) and _is_new(parts[1])
    if tensorflow_function(module, value) != "expand_dims":
        return False
    assert isinstance(value, ast.Call)
    axes = [*value.args[1:2], *(each.value for each in value.keywords if each.arg == "axis")]
    return len(axes) == 1 and constants.integer(module, axes[0]) in (1, -1)


def _is_new(node: ast.expr) -> bool:
    is_none = isinstance(node, ast.Constant) and node.value is None
    return is_none or (isinstance(node, ast.Attribute) and node.attr == "newaxis")


def _is_zero(node: Optional[ast.expr]) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0
