"""Whether labels can carry a gradient: if they can't, stopping it changes nothing."""

from __future__ import annotations

import ast
from typing import Optional, Tuple

from keras_xent.migrate import tensorflow_names
from keras_xent.migrate.edits import Edit
from keras_xent.migrate.module import Call, Module
from keras_xent.migrate.scopes import Value
from keras_xent.migrate.tensorflow_names import called, tensorflow_function

# TensorFlow's functions whose results have no gradient, whatever goes in.
_WITHOUT_GRADIENT = frozenset(
    {
        "argmax",
        "argmin",
        "arg_max",
        "equal",
        "greater",
        "greater_equal",
        "less",
        "less_equal",
        "logical_and",
        "logical_not",
        "logical_or",
        "not_equal",
        "one_hot",
        "one_hot_encoding",
        "ones",
        "ones_like",
        "placeholder",
        "sequence_mask",
        "stop_gradient",
        "to_int32",
        "to_int64",
        "zeros",
        "zeros_like",
    }
)

# Those that hand on the gradients of their arguments, and make none of their own.
_HANDING_ON = frozenset(
    {
        "cast",
        "concat",
        "constant",  # of an eager tensor it is that tensor
        "convert_to_tensor",
        "expand_dims",
        "gather",
        "identity",
        "reshape",
        "squeeze",
        "stack",
        "tile",
        "to_float",
        "transpose",
    }
)


def may_carry_gradient(module: Module, node: ast.expr) -> bool:
    """Whether a gradient could flow into an expression: True unless it is certain that none can."""
    return _may_carry(module, node, frozenset())


def stop_gradient_edits(module: Module, call: Call) -> Optional[Tuple[Edit, ...]]:
    """What stops the gradient into a call's labels, as TF1 stops it.

    Returns:
        Nothing to change if no gradient can flow there; None if the code around the call has no
        name for TensorFlow, to write `tf.stop_gradient` with.
    """
    if call.labels is None or not may_carry_gradient(module, call.labels):
        return ()
    tensorflow = tensorflow_names.prefix(module, call)
    if not tensorflow:
        return None
    span = module.lines.span(call.labels)
    return (Edit(*span, lambda old: f"{tensorflow}.stop_gradient({old})"),)


def _may_carry(module: Module, node: ast.expr, seen: frozenset[str]) -> bool:
    if isinstance(node, ast.Constant):
        return False
    if isinstance(node, (ast.List, ast.Tuple)):
        return any(_may_carry(module, part, seen) for part in node.elts)
    if isinstance(node, ast.BinOp):
        return _may_carry(module, node.left, seen) or _may_carry(module, node.right, seen)
    if isinstance(node, ast.UnaryOp):
        return _may_carry(module, node.operand, seen)
    if isinstance(node, ast.IfExp):
        return _may_carry(module, node.body, seen) or _may_carry(module, node.orelse, seen)
    if isinstance(node, ast.Compare):
        return False
    if isinstance(node, ast.Subscript):
        return _may_carry(module, node.value, seen)
    if isinstance(node, ast.Call):
        return _call_may_carry(module, node, seen)
    if isinstance(node, ast.Name):
        return _name_may_carry(module, node, seen)
    # tf.float32, np.pi: what a library has is no tensor of the program.
    names = module.names(node)
    return not names or not all(name.startswith(("numpy.", "tensorflow.")) for name in names)


def _call_may_carry(module: Module, node: ast.Call, seen: frozenset[str]) -> bool:
    function = tensorflow_function(module, node)
    if function in _WITHOUT_GRADIENT:
        return False
    if function in _HANDING_ON:
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        return any(_may_carry(module, argument, seen) for argument in arguments)
    names = called(module, node)
    return not names or not all(name.startswith("numpy.") for name in names)


def _name_may_carry(module: Module, node: ast.Name, seen: frozenset[str]) -> bool:
    bindings = module.scopes.of(node).lookup(node.id)
    if not bindings or node.id in seen:
        return not bindings
    return any(
        not isinstance(binding, Value)
        or isinstance(binding.value, ast.List)  # to which tensors may be appended
        or _may_carry(module, binding.value, seen | {node.id})
        for binding in bindings
    )
