"""The weights of contrib's losses, which differ from those of TF1's losses.

contrib accepts a number, or weights with the losses' first dimensions, and removes a last dimension
of 1.
"""

from __future__ import annotations

import ast

from keras_xent_cli.migrate.module import Call, Module
from keras_xent_cli.migrate.source import constants
from keras_xent_cli.migrate.source.edits import Edit
from keras_xent_cli.migrate.tensorflow import tensorflow_names
from keras_xent_cli.migrate.tensorflow.tensorflow_names import tensorflow_function


def obstacle(module: Module, call: Call) -> str:
    """Why contrib may use the weights differently from `keras_xent.v1`; "" if it doesn't."""
    weights, loss = call.arguments.get("weights"), call.function.loss
    if weights is None or loss is None or constants.is_number(module, weights):
        return ""
    if _has_one_element(module, weights):
        return (
            "the weights have one element, for which contrib divides as if the batch had one "
            "example. Pass a number if you want the mean over the batch"
        )
    if loss.averages_classes and not _is_column(module, weights):
        source = " ".join(module.source(weights).split())
        return (
            "contrib accepts weights in the logits' shape and one weight for each example. Call "
            f"{module.package}.v1.{call.function.name} with keywords: pass weights=({source})"
            "[:, None] if there is one for each example, and the weights unchanged if they have "
            "the logits' shape"
        )
    if _needs_one_dimension(call) and not tensorflow_names.prefix(module, call):
        return (
            "contrib removes a last dimension of 1 from the weights. Pass weights of one "
            f"dimension, and call {module.package}.v1.{call.function.name} with keywords"
        )
    return ""


def edits(module: Module, call: Call) -> tuple[Edit, ...]:
    """Reshapes a call's weights to one dimension, if contrib may remove a second one."""
    weights = call.arguments.get("weights")
    if weights is None or constants.is_number(module, weights) or not _needs_one_dimension(call):
        return ()
    edit = tensorflow_names.wrapping_edit(module, call, weights, "reshape", ", [-1]")
    return (edit,) if edit else ()


def assumption(module: Module, call: Call) -> str:
    """What the port assumes about a call; "" if nothing."""
    found = []
    smoothing, weights = call.arguments.get("label_smoothing"), call.arguments.get("weights")
    is_softmax = call.function.loss is not None and not call.function.loss.averages_classes
    if smoothing is not None and is_softmax and not _is_zero(smoothing):
        found.append(
            "the port assumes that the logits have rank 2 (for higher ranks, contrib smooths with "
            "the size of axis 1)"
        )
    if weights is not None and is_softmax and not constants.is_number(module, weights):
        found.append("the port assumes that the weights are a number or one for each example")
    return "; ".join(found)


def _needs_one_dimension(call: Call) -> bool:
    """Whether `keras_xent.v1` doesn't remove the last dimension itself."""
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
    """Whether the weights certainly have two dimensions, the last of them 1."""
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


def _is_zero(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0
